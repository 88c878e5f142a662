package export

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/sheet"
)

// Sizes of pages. Conversations whose messages are written are fewer at once, so that
// what is held stays small however long the texts are.
const (
	pageRows    = 200
	talksAtOnce = 32
	textsOfTalk = 50
)

// run is one turn's writing of an export.
type run struct {
	*Service
	who    actor.Actor
	x      *Export
	lines  *sheet.Lines
	zone   *time.Location
	names  Names
	words  map[string]string
	fields func(map[string]string) map[string]string
	most   int64
}

func (s *Service) newRun(ctx context.Context, who actor.Actor, x *Export, lines *sheet.Lines) (*run, error) {
	r := &run{Service: s, who: who, x: x, lines: lines, words: words[x.Lang], most: s.mostRows}
	if x.Format == sheet.XLSX {
		r.most = s.mostBook
	}
	var err error
	if r.zone, err = time.LoadLocation(x.Zone); err != nil {
		return nil, err
	}
	if r.names, err = s.World.Names(ctx, x.Tenant, x.Lang); err != nil {
		return nil, err
	}
	if x.Kind == Contacts {
		r.fields, err = s.World.Fields(ctx, who)
	}
	return r, err
}

// row writes one row; fatal "too_many_rows" beyond what the file may hold.
func (r *run) row(cells ...string) error {
	if r.x.Rows >= r.most {
		return fatal("too_many_rows")
	}
	r.x.Rows++
	return r.lines.Row(cells)
}

// heading is the first row.
func (r *run) heading() []string {
	keys := headings[r.x.Kind]
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = r.words[k]
	}
	return list
}

// page writes the page behind a place and returns the place behind it, "" at the end.
func (r *run) page(ctx context.Context, place string) (next string, err error) {
	switch r.x.Kind {
	case Conversations:
		return r.conversations(ctx, place)
	case Messages:
		return r.messages(ctx, place)
	case Contacts:
		return r.contacts(ctx, place)
	case Left:
		return r.left(ctx, place)
	case Ratings:
		return r.ratings(ctx, place)
	case Audit:
		return r.audit(ctx, place)
	}
	return "", fatal("internal")
}

// time writes a time in the asker's zone, "" for none.
func (r *run) time(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.In(r.zone).Format(time.DateTime)
}

// word is the text of a key, or the key itself.
func (r *run) word(prefix, key string) string {
	if w, ok := r.words[prefix+key]; ok && key != "" {
		return w
	}
	return key
}

// named is what an id is called; what has no name any more is told by its id.
func named[K ~string](names map[K]string, key K) string {
	if name := names[key]; name != "" {
		return name
	}
	return string(key)
}

// past reads a page of conversations that fit.
func (r *run) past(ctx context.Context, after string, limit int) (fit []PastConversation, next string, err error) {
	f := r.x.Filter
	scope := conversation.ScopeOf(r.who)
	page, next, err := r.Lists.PastConversations(ctx, Past{Tenant: r.x.Tenant, Scope: scope, From: f.From, To: f.To, Agent: f.Agent, Team: f.Team, After: after, Limit: limit})
	for _, c := range page {
		if scope.Holds(c.Conversation) && (f.Inbox == "" || c.Inbox == f.Inbox) && (f.Tag == "" || slices.Contains(c.Tags, f.Tag)) &&
			(f.Rating == "" || c.Level == f.Rating) && (f.State == "" || string(c.Status) == f.State) {
			fit = append(fit, c)
		}
	}
	return fit, next, err
}

func (r *run) conversations(ctx context.Context, after string) (next string, err error) {
	list, next, err := r.past(ctx, after, pageRows)
	if err != nil {
		return "", err
	}
	for _, c := range list {
		tags := make([]string, len(c.Tags))
		for i, t := range c.Tags {
			tags[i] = named(r.names.Tags, t)
		}
		score := ""
		if c.Level != "" {
			score = strconv.Itoa(c.Score)
		}
		c.Email, c.Phone = r.points(c.Email, c.Phone)
		if err = r.row(string(c.ID), r.time(&c.CreatedAt), r.time(c.AssignedAt), r.time(c.ClosedAt), r.word("status.", string(c.Status)), c.Channel,
			named(r.names.Inboxes, c.Inbox), c.VisitorName, c.Email, c.Phone, r.agent(c.Agent, c.AgentName), named(r.names.Teams, c.Team), strings.Join(tags, ", "),
			strconv.FormatInt(c.LastSeq, 10), r.word("end.", string(c.EndBy)), named(r.names.Levels, c.Level), score, c.Comment, c.PageTitle, c.PageURL); err != nil {
			return "", err
		}
	}
	return next, nil
}

// agent is the name of an agent, the one of now if there is one.
func (r *run) agent(a id.Agent, name string) string {
	if name != "" {
		return name
	}
	return named(r.names.Agents, a)
}

// messages writes the messages of some conversations, each conversation in order.
func (r *run) messages(ctx context.Context, after string) (next string, err error) {
	list, next, err := r.past(ctx, after, talksAtOnce)
	if err != nil || len(list) == 0 {
		return next, err
	}
	marks := make([]conversation.Mark, len(list))
	for i, c := range list {
		marks[i] = conversation.Mark{Conversation: c.ID}
	}
	found, err := r.Lists.MessagesAfter(ctx, r.x.Tenant, marks, textsOfTalk)
	if err != nil {
		return "", err
	}
	of := make(map[id.Conversation][]conversation.Message, len(list))
	for _, m := range found {
		of[m.Conversation] = append(of[m.Conversation], m)
	}
	for _, c := range list {
		if err = r.talk(ctx, c, of[c.ID]); err != nil {
			return "", err
		}
	}
	return next, nil
}

// talk writes the messages of one conversation; what is behind a full page is read on.
func (r *run) talk(ctx context.Context, c PastConversation, page []conversation.Message) (err error) {
	for limit := textsOfTalk; ; limit = pageRows {
		for _, m := range page {
			if err = r.message(c, m); err != nil {
				return err
			}
		}
		if len(page) < limit {
			return nil
		}
		last := conversation.Mark{Conversation: c.ID, Seq: page[len(page)-1].Seq}
		if page, err = r.Lists.MessagesAfter(ctx, r.x.Tenant, []conversation.Mark{last}, pageRows); err != nil {
			return err
		}
	}
}

func (r *run) message(c PastConversation, m conversation.Message) error {
	name, text := m.From.Name, m.Text
	if m.From.Kind == actor.Visitor {
		name = c.VisitorName
	}
	if m.Line != nil && text == "" {
		text = r.word("line.", m.Line.Name)
		for _, more := range []string{m.Line.AgentName, m.Line.TeamName, m.Line.Title, m.Line.URL, m.Line.Text} {
			if more != "" {
				text += " " + more
			}
		}
	}
	if m.Recalled != nil {
		text = r.words["recalled"]
	}
	var files []string
	for _, f := range m.Files() {
		files = append(files, f.Name)
	}
	return r.row(string(m.Conversation), strconv.FormatInt(m.Seq, 10), r.time(&m.At), r.word("from.", string(m.From.Kind)), name, r.word("kind.", string(m.Kind)),
		text, strings.Join(files, ", "))
}
