package contract

import (
	"context"
	"slices"
	"strconv"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/visitor"
)

// RoomOf is the contract's form of a conversation.
func (f *Kit) RoomOf(ctx context.Context, c conversation.Conversation, k visitor.Known) (RoomView, error) {
	list, err := f.roomsWith(ctx, c.Tenant, []conversation.Conversation{c}, map[id.Visitor]visitor.Known{c.Visitor: k})
	if err != nil {
		return RoomView{}, err
	}
	return list[0], nil
}

// ActiveRoom is RoomOf with the months in which the visitor was answered.
func (f *Kit) ActiveRoom(ctx context.Context, c conversation.Conversation, k visitor.Known) (RoomView, error) {
	r, err := f.RoomOf(ctx, c, k)
	if err != nil {
		return r, err
	}
	months, err := f.Conversations.Activity(ctx, c.Tenant, []id.Visitor{c.Visitor})
	r.Visitor.Activity = months[c.Visitor]
	return r, err
}

// RoomsOf is the contract's form of many conversations, in few statements.
func (f *Kit) RoomsOf(ctx context.Context, t id.Tenant, list []conversation.Conversation) ([]RoomView, error) {
	known, err := f.knownOf(ctx, t, list)
	if err != nil {
		return nil, err
	}
	return f.roomsWith(ctx, t, list, known)
}

// knownOf reads the visitors of conversations.
func (f *Kit) knownOf(ctx context.Context, t id.Tenant, list []conversation.Conversation) (map[id.Visitor]visitor.Known, error) {
	ids := visitorsOf(list)
	people, err := f.Visitors.Visitors(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	names, err := f.Visitors.Identities(ctx, t, ids)
	known := make(map[id.Visitor]visitor.Known, len(people))
	for v, p := range people {
		known[v] = visitor.Known{Visitor: p, Identity: names[v]}
	}
	return known, err
}

// visitorsOf are the visitors of conversations.
func visitorsOf(list []conversation.Conversation) []id.Visitor {
	ids := make([]id.Visitor, len(list))
	for i, c := range list {
		ids[i] = c.Visitor
	}
	return ids
}

// lastLooked is how many of the newest messages are looked at for the last one
// that counts: that an agent joined does not.
const lastLooked = 4

func (f *Kit) roomsWith(ctx context.Context, t id.Tenant, list []conversation.Conversation, known map[id.Visitor]visitor.Known) ([]RoomView, error) {
	rooms := make([]RoomView, len(list))
	ids := make([]id.Conversation, len(list))
	var tags []string
	for i, c := range list {
		var err error
		if rooms[i], err = f.bareRoom(ctx, c, known[c.Visitor]); err != nil {
			return nil, err
		}
		ids[i], tags = c.ID, append(tags, c.Tags...)
	}
	if len(list) == 0 {
		return rooms, nil
	}
	details, err := f.Conversations.DetailsOf(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	if len(tags) > 0 {
		if names, err = f.Tags.Names(ctx, t, tags); err != nil {
			return nil, err
		}
	}
	last, err := f.Conversations.Latest(ctx, t, list, lastLooked)
	if err != nil {
		return nil, err
	}
	people, err := f.People(ctx, t)
	if err != nil {
		return nil, err
	}
	persons, err := f.Contacts.ContactsOf(ctx, t, visitorsOf(list))
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, t)
	if err != nil {
		return nil, err
	}
	said, err := f.Hooks.Answers(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	for i, c := range list {
		r := &rooms[i]
		r.CRM = said[c.ID]
		r.Contact, r.Visitor.Contact = persons[c.Visitor], persons[c.Visitor]
		r.describe(c, details[c.ID], people)
		r.Tags = namesOf(c.Tags, names)
		f.answered(r, c, book.Service(c.Inbox, c.Team).Timers, last[c.ID], people)
		a := &Authors{f: f, visit: known[c.Visitor], agents: people, inside: true}
		for _, m := range last[c.ID] {
			if v, shown := a.Message(m); shown && counts(m) {
				r.Last = &v
			}
		}
	}
	return rooms, nil
}

// answered tells since when a visitor has an answer of the agent, and when it will
// count as having left. A run of answers longer than what is looked at tells neither.
func (f *Kit) answered(r *RoomView, c conversation.Conversation, t setting.Timers, latest []conversation.Message, people map[id.Agent]account.Agent) {
	var run []conversation.Message
	whole := len(latest) < lastLooked
	for _, m := range slices.Backward(latest) {
		if m.From.Kind == actor.Visitor {
			whole = true
			break
		}
		if m.From.Kind == actor.Agent && m.Line == nil && m.Kind != conversation.Note {
			run = append(run, m)
		}
	}
	if c.Status != conversation.Open || len(run) == 0 || !whole {
		return
	}
	newest, oldest := run[0], run[len(run)-1]
	by := people[id.Agent(newest.From.ID)]
	r.ResponseBy = Object{"_id": newest.From.ID, "username": by.Username, "lastMessageTs": Stamp(newest.At), "firstResponseTs": Stamp(oldest.At)}
	if t.Abandon != "none" && c.HeldAt == nil {
		r.Omnichannel = Object{"predictedVisitorAbandonmentAt": Stamp(oldest.At.Add(time.Duration(*t.AbandonAfter) * time.Second))}
	}
}

// counts reports whether a message can be the last one of a room: neither that
// somebody joined nor that it went back to the queue.
func counts(m conversation.Message) bool {
	silent := m.Line != nil && (m.Line.Name == conversation.LineAssigned || m.Line.Name == conversation.LineJoined || m.Line.Name == conversation.LineQueued)
	return !silent && m.Kind != conversation.Note
}

// namesOf turns ids of tags into their names; a tag that is gone is left out.
func namesOf(tags []string, names map[string]string) []string {
	var list []string
	for _, g := range tags {
		if n, ok := names[g]; ok {
			list = append(list, n)
		}
	}
	return list
}

// describe fills a room from the details of its conversation.
func (r *RoomView) describe(c conversation.Conversation, d conversation.Details, people map[id.Agent]account.Agent) {
	r.Call = d.Call
	r.reach(c, d.Origin)
	r.Topic, r.OnHold, r.Priority, r.SLA, r.Survey, r.Record = d.Topic, c.HeldAt != nil, d.Level, d.Agreement, d.Survey, d.Record
	if d.Weight > 0 {
		r.Weight = d.Weight
	}
	if d.Due > 0 {
		r.Estimate = d.Due
	}
	if len(d.Fields) > 0 {
		r.CustomFields = Object{}
		for k, v := range d.Fields {
			r.CustomFields[k] = v
		}
	}
	if w := d.Transcript; w != nil {
		by := people[w.By]
		r.Transcript = Object{"email": w.Email, "subject": w.Subject, "requestedAt": StampOf(w.At),
			"requestedBy": Object{"_id": w.By, "username": by.Username, "name": by.Name, "utcOffset": 0}}
	}
	if c.EndBy == conversation.EndByAgent && d.ClosedBy != "" {
		r.ClosedBy = Object{"_id": d.ClosedBy, "username": people[d.ClosedBy].Username}
	}
	if c.ClosedAt != nil {
		r.Metrics = Object{"chatDuration": c.ClosedAt.Sub(c.CreatedAt).Seconds()}
		if c.AssignedAt != nil {
			r.Metrics["serviceTimeDuration"] = c.ClosedAt.Sub(*c.AssignedAt).Seconds()
		}
	}
}

// reach tells the way of a room's messages, on a channel that has addresses.
func (r *RoomView) reach(c conversation.Conversation, o *conversation.Origin) {
	switch {
	case o == nil:
	case c.Channel == "sms":
		r.SMS = Object{"from": o.Own}
		r.Source["alias"], r.Source["destination"] = o.Service, o.Own
	case c.Channel == "email":
		r.Email = Object{"inbox": o.Own, "thread": Some(o.Thread), "replyTo": o.Address, "subject": o.Subject}
		r.Source["id"], r.Source["destination"] = o.Service, o.Own
	}
}

// holding is what is said of a room that is put on hold, or taken off it.
func (a *Authors) holding(l *conversation.Line, by account.Agent) string {
	who := by.Name
	if who == "" {
		who = a.visit.Visitor.Name
	}
	switch {
	case l.Note != "" && a.inside:
		return l.Note
	case l.Name == conversation.LineHeld && l.ByAgent == "":
		return "The chat was automatically placed On Hold"
	case l.Name == conversation.LineHeld:
		return "The chat was manually placed On Hold by " + who
	case l.ByAgent == "":
		return "The chat was automatically resumed from On Hold upon receiving a new message from " + who
	}
	return "The chat was manually resumed from On Hold by " + who
}

// moved adds what a line of a transfer or of holding says.
func (a *Authors) moved(v *MessageView, m conversation.Message) {
	l := m.Line
	by, known := a.agents[l.ByAgent]
	if known && v.Type != "uj" {
		v.User = userView{string(by.ID), by.Username, by.Name}
	}
	switch l.Name {
	case conversation.LineHeld, conversation.LineResumed:
		v.Comment = a.holding(l, by)
		return
	case conversation.LineTransferred, conversation.LineQueued:
	default:
		return
	}
	kind := "user"
	if by.Has(account.Member) {
		kind = "agent"
	}
	v.Transfer = Object{"transferredBy": Object{"_id": v.User.ID, "username": v.User.Username, "name": v.User.Name, "userType": kind}, "ts": v.At, "scope": "queue"}
	if a.inside && l.Note != "" {
		v.Transfer["comment"] = l.Note
	}
	if l.FromTeam != "" {
		v.Transfer["previousDepartment"] = l.FromTeam
	}
	if l.Team != "" {
		v.Transfer["nextDepartment"] = Object{"_id": l.Team, "name": l.TeamName}
	}
	switch {
	case l.Name == conversation.LineQueued:
	case l.Agent != "":
		to := a.agents[l.Agent]
		v.Transfer["scope"], v.Transfer["transferredTo"] = "agent", Object{"_id": l.Agent, "username": to.Username, "name": to.Name}
	default:
		v.Transfer["scope"] = "department"
	}
	if l.Rule == string(routing.RuleSilent) {
		v.Transfer["scope"] = map[bool]string{true: "autoTransferUnansweredChatsToAgent", false: "autoTransferUnansweredChatsToQueue"}[l.Agent != ""]
		if a.inside {
			v.Transfer["comment"] = strconv.Itoa(l.After)
		}
	}
}
