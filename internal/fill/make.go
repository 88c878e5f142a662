package fill

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/blacklist"
	"parlor/internal/canned"
	"parlor/internal/colleague"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/invite"
	"parlor/internal/leave"
	"parlor/internal/summary"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// maker makes batch after batch; everything follows from the seed.
type maker struct {
	o      Options
	rand   *rand.Rand
	teams  []id.Team
	agents []account.Agent
	tags   []string
	// visitors are those who have come so far.
	visitors []guest
	// conversations and messages count what was made.
	conversations, messages int
}

// guest is what is kept of a visitor.
type guest struct {
	id   id.Visitor
	name string
}

// id is a row identifier of a moment: ordered like real ones, but from the seed.
func (m *maker) id(at time.Time) string {
	return fmt.Sprintf("%012x7%03x%016x", at.UnixMilli(), m.rand.Uint32N(1<<12), m.rand.Uint64()|1<<63)
}

// at is when the n-th conversation starts: evenly over the year before Now.
func (m *maker) at(n int) time.Time {
	const year = 365 * 24 * time.Hour
	step := year / time.Duration(m.o.Conversations+1)
	return m.o.Now.Add(-year).Add(step * time.Duration(n)).Truncate(time.Millisecond)
}

// next makes a batch; ok is false at the end.
func (m *maker) next() (b Bulk, ok bool) {
	b.Tenant = account.MainTenant
	for len(b.Messages) < batch && m.conversations < m.o.Conversations {
		m.conversation(&b)
	}
	return b, len(b.Conversations) > 0
}

// share is how many messages the next conversation gets, so that the total is exact.
func (m *maker) share() int {
	left, talks := m.o.Messages-m.messages, m.o.Conversations-m.conversations
	if talks == 1 {
		return left
	}
	mean := left / talks
	return min(1+m.rand.IntN(max(2*mean-1, 1)), left-talks+1)
}

// who comes: the share of newcomers is what the number of visitors asks for.
func (m *maker) who(b *Bulk, at time.Time, alone bool) guest {
	running := m.o.Open + m.o.Waiting // each of them has a newcomer
	fresh := alone || len(m.visitors) == 0 || m.rand.IntN(m.o.Conversations-running-m.conversations) < m.o.Visitors-running-len(m.visitors)
	if !fresh {
		return m.visitors[m.rand.IntN(len(m.visitors))]
	}
	v := visitor.Visitor{ID: id.Visitor(m.id(at)), Tenant: account.MainTenant, Inbox: account.MainInbox, Name: person(m.rand), Locale: "zh-CN",
		IP: fmt.Sprintf("203.0.%d.%d", m.rand.IntN(256), m.rand.IntN(256)), OS: pick(m.rand, systems), Browser: pick(m.rand, browsers),
		Mobile: m.rand.IntN(2) == 0, Visits: 1 + m.rand.IntN(9), FirstSeen: at, LastSeen: at}
	b.Visitors = append(b.Visitors, v)
	p := guest{v.ID, v.Name}
	m.visitors = append(m.visitors, p)
	return p
}

// conversation makes one, with all that hangs on it.
func (m *maker) conversation(b *Bulk) {
	n, at, count := m.conversations, m.at(m.conversations), m.share()
	left := m.o.Conversations - n
	running := left <= m.o.Open+m.o.Waiting
	who := m.who(b, at, running)
	a := m.agents[n%len(m.agents)]
	c := conversation.Conversation{ID: id.Conversation(m.id(at)), Tenant: account.MainTenant, Inbox: account.MainInbox, Channel: "web",
		Visitor: who.id, VisitorName: who.name, Status: conversation.Closed, Agent: a.ID, AgentName: a.Name, Team: a.Teams[m.rand.IntN(len(a.Teams))], Version: 3,
		PageURL: "https://shop.example/" + pick(m.rand, pages), PageTitle: pick(m.rand, products), CreatedAt: at, QueuedAt: at, AssignedAt: &at, EndBy: conversation.EndByAgent}
	switch {
	case left <= m.o.Waiting:
		c.Status, c.Agent, c.AgentName, c.AssignedAt, c.EndBy, c.Version = conversation.Queued, "", "", nil, "", 1
	case running:
		c.Status, c.EndBy, c.Version = conversation.Open, "", 2
	}
	m.talk(b, &c, who, a, count)
	for m.rand.IntN(3) == 0 && len(c.Tags) < 3 {
		c.Tags = append(c.Tags, m.tags[(len(c.Tags)*13+m.rand.IntN(13))%len(m.tags)])
	}
	if c.Status == conversation.Closed {
		end := c.LastAt.Add(time.Minute)
		c.ClosedAt, c.AgentRead, c.VisitorRead, c.Unread, c.WaitingSince = &end, c.LastSeq, c.LastSeq, 0, nil
		m.after(b, c, end)
	}
	b.Conversations = append(b.Conversations, c)
	m.conversations++
	m.messages += count
}

// talk makes the messages of c and moves its counters as appending would.
func (m *maker) talk(b *Bulk, c *conversation.Conversation, who guest, a account.Agent, count int) {
	at := c.CreatedAt
	for seq := int64(1); seq <= int64(count); seq++ {
		at = at.Add(time.Duration(5000+m.rand.IntN(40000)) * time.Millisecond)
		msg := conversation.Message{ID: id.Message(m.id(at)), Tenant: c.Tenant, Conversation: c.ID, Seq: seq, Prev: c.VisibleSeq, Kind: conversation.Text, At: at}
		if c.Agent == "" || seq%2 == 1 {
			msg.From, msg.Text = conversation.Author{Kind: actor.Visitor, ID: string(who.id), Name: who.name}, m.text(visitorTexts)
			c.Unread++
			if c.WaitingSince == nil {
				since := at
				c.WaitingSince = &since
			}
		} else {
			msg.From, msg.Text = conversation.Author{Kind: actor.Agent, ID: string(a.ID), Name: a.Name}, m.text(agentTexts)
			c.AgentRead, c.Unread, c.WaitingSince = seq, 0, nil
		}
		c.LastSeq, c.VisibleSeq, c.LastAt, c.LastText, c.LastKind, c.LastFrom = seq, seq, at, msg.Text, msg.Kind, msg.From.Kind
		b.Messages = append(b.Messages, msg)
	}
}

// after adds what some closed conversations leave behind.
func (m *maker) after(b *Bulk, c conversation.Conversation, end time.Time) {
	if m.rand.IntN(4) == 0 {
		l := levels[m.rand.IntN(len(levels))]
		b.Surveys = append(b.Surveys, survey.Survey{Conversation: c.ID, Tenant: c.Tenant, Inbox: c.Inbox, Visitor: c.Visitor, VisitorName: c.VisitorName,
			Agent: c.Agent, AgentName: c.AgentName, Team: c.Team, Level: l.code, Score: l.score, Reasons: []string{}, Comment: m.text(comments), AnsweredAt: &end, EditedAt: &end})
	}
	if m.rand.IntN(5) == 0 {
		y := summary.Summary{Conversation: c.ID, Tenant: c.Tenant, Visitor: c.Visitor, Agent: c.Agent, Team: c.Team, Text: m.text(agentTexts),
			State: summary.None, CreatedAt: end, UpdatedAt: end}
		if m.rand.IntN(4) == 0 {
			y.State, y.FollowUp = summary.Open, &summary.FollowUp{Kind: summary.Phone, At: end.AddDate(0, 0, m.rand.IntN(400)), Contact: "+86 10 5555 0100"}
		}
		b.Summaries = append(b.Summaries, y)
	}
	if m.rand.IntN(20) == 0 {
		b.Missed = append(b.Missed, leave.Message{ID: m.id(end), Tenant: c.Tenant, Inbox: c.Inbox, Visitor: c.Visitor, Kind: leave.Form, Name: c.VisitorName,
			Email: "someone@example.com", Content: m.text(visitorTexts), Reason: "closed", At: end, State: leave.Open})
	}
	if m.rand.IntN(10) == 0 {
		b.Invitations = append(b.Invitations, invite.Invitation{ID: m.id(end), Tenant: c.Tenant, Inbox: c.Inbox, Visitor: c.Visitor, Rule: "1", URL: c.PageURL,
			At: c.CreatedAt, Result: invite.Accepted, AnsweredAt: &end})
	}
	if m.rand.IntN(10) == 0 {
		a := m.agents[m.rand.IntN(len(m.agents))]
		b.Audit = append(b.Audit, audit.Entry{ID: m.id(end), Tenant: c.Tenant, At: end, By: string(a.ID), ByKind: actor.Agent, ByName: a.Name, Action: "update",
			Thing: pick(m.rand, things), ThingID: m.tags[m.rand.IntN(len(m.tags))], Name: pick(m.rand, tagNames), Before: json.RawMessage(`{"a":1}`), After: json.RawMessage(`{"a":2}`)})
	}
	if m.rand.IntN(10) == 0 {
		x, y := m.rand.IntN(len(m.agents)), m.rand.IntN(len(m.agents)-1)
		if y >= x {
			y++
		}
		b.Remarks = append(b.Remarks, colleague.Remark{ID: m.id(end), Tenant: c.Tenant, From: m.agents[x].ID, To: m.agents[y].ID, FromName: m.agents[x].Name,
			Text: m.text(agentTexts), At: end})
	}
}

// side makes what does not hang on conversations: blacklist and canned replies.
func (m *maker) side() Bulk {
	b := Bulk{Tenant: account.MainTenant}
	at := m.at(0)
	for i := range blacklist.MaxBlocks / 2 {
		a := m.agents[i%len(m.agents)]
		b.Blocks = append(b.Blocks, blacklist.Block{ID: m.id(at), Tenant: b.Tenant, Address: fmt.Sprintf("198.51.%d.%d", i/256%256, i%256), Reason: pick(m.rand, comments),
			Agent: a.ID, AgentName: a.Name, CreatedAt: at})
	}
	for i := range 500 {
		s := canned.Shelf{Kind: canned.Reply, Scope: canned.Company}
		switch i % 3 {
		case 1:
			s.Scope, s.Owner = canned.Team, string(m.teams[i%len(m.teams)])
		case 2:
			s.Scope, s.Owner = canned.Personal, string(m.agents[i%len(m.agents)].ID)
		}
		b.Entries = append(b.Entries, canned.Entry{ID: m.id(at), Tenant: b.Tenant, Shelf: s, Title: pick(m.rand, tagNames) + " " + pick(m.rand, products),
			Shortcut: fmt.Sprintf("k%d", i), Text: m.text(agentTexts), CreatedAt: at, UpdatedAt: at})
	}
	return b
}
