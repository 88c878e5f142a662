package easemob

import (
	"context"
	"net/http"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/leave"
)

// tickets registers the calls of programs about messages that visitors left.
func (f *Front) tickets() {
	f.serve(http.MethodGet, "tickets", f.ticketPage)
	f.serve(http.MethodGet, "tickets/{id}", f.oneTicket)
	f.serve(http.MethodPost, "tickets", f.addTicket)
	f.serve(http.MethodPut, "tickets/{id}", f.changeTicket)
}

// The states of tickets on the wire.
const (
	ticketOpen   = "OPEN"
	ticketSolved = "SOLVED"
)

// ticketStates are the states by their names on the wire.
var ticketStates = map[string]leave.State{"": "", ticketOpen: leave.Open, ticketSolved: leave.Done}

// ticketInput is what a visitor leaves, as pages and programs write it.
type ticketInput struct {
	Subject string `json:"subject"`
	Content string `json:"content"`
	Creator struct {
		Name  string `json:"name"`
		Email string `json:"email"`
		Phone string `json:"phone"`
		QQ    string `json:"qq"`
	} `json:"creator"`
}

// left is the entry that it becomes.
func (in ticketInput) left() leave.Input {
	return leave.Input{Reason: "form", Known: []string{"name", "phone", "email", "qq", "content"}, Answers: map[string]string{"name": in.Creator.Name,
		"email": in.Creator.Email, "phone": in.Creator.Phone, "qq": in.Creator.QQ, "content": strings.TrimSpace(in.Subject + "\n" + in.Content)}}
}

// people are the logins of agents and the names of visitors that tickets show.
type people struct {
	logins   map[id.Agent]string
	visitors map[id.Visitor]string
}

// peopleOf reads them for some tickets.
func (f *Front) peopleOf(ctx context.Context, t id.Tenant, found []leave.Message) (p people, err error) {
	if p.logins, err = f.logins(ctx, t); err != nil {
		return p, err
	}
	var wanted []id.Visitor
	for _, m := range found {
		if m.Visitor != "" {
			wanted = append(wanted, m.Visitor)
		}
	}
	names, err := f.Visitors.Identities(ctx, t, wanted)
	p.visitors = map[id.Visitor]string{}
	for v, who := range names {
		p.visitors[v] = who.Username
	}
	return p, err
}

// ticketOf is a ticket on the wire.
func ticketOf(m leave.Message, p people) object {
	state := ticketOpen
	if m.State == leave.Done {
		state = ticketSolved
	}
	subject, _, _ := strings.Cut(m.Content, "\n")
	o := object{"id": m.ID, "subject": subject, "content": m.Content, "state": state, "visitUserName": p.visitors[m.Visitor], "visitorUserId": nullable(string(m.Visitor)),
		"creator":       object{"name": m.Name, "email": m.Email, "phone": m.Phone, "qq": m.Fields["qq"]},
		"agentUserName": p.logins[m.Assignee], "agentUserId": nullable(string(m.Assignee)), "note": m.Note, "reply": m.Reply, "serviceSessionId": nullable(string(m.Conversation)),
		"imServiceNumber": serviceNumber + string(m.Inbox), "createDateTime": m.At.UnixMilli(), "lastUpdateDateTime": m.At.UnixMilli()}
	if m.ChangedAt != nil {
		o["lastUpdateDateTime"] = m.ChangedAt.UnixMilli()
	}
	return o
}

// aTicket writes one ticket.
func (f *Front) aTicket(ctx context.Context, t id.Tenant, m leave.Message, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	p, err := f.peopleOf(ctx, t, []leave.Message{m})
	if err != nil {
		return nil, err
	}
	return ticketOf(m, p), nil
}

// ticketPage lists tickets, the newest first.
func (f *Front) ticketPage(ctx context.Context, c *call) (any, error) {
	page, size, err := c.page()
	if err != nil {
		return nil, err
	}
	q := c.URL.Query()
	state, ok := ticketStates[q.Get("state")]
	if !ok {
		return nil, faultParam
	}
	find := leave.PageFilter{State: state, Offset: (page - 1) * size, Limit: size}
	if name := q.Get("visitUserName"); name != "" {
		inbox, err := f.inbox(ctx, c.tenant, q.Get("imServiceNumber"))
		if err != nil {
			return nil, err
		}
		k, err := f.Intake.Visitor(ctx, c.tenant, inbox, name, false)
		if errs.CodeOf(err) == errs.NotFound {
			return list{entities: []object{}}, nil
		}
		if err != nil {
			return nil, err
		}
		find.Visitor = k.Visitor.ID
	}
	found, total, err := f.Leaves.Page(ctx, c.who, find)
	if err != nil {
		return nil, err
	}
	p, err := f.peopleOf(ctx, c.tenant, found)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(found))
	for i, m := range found {
		out[i] = ticketOf(m, p)
	}
	return list{entities: out, total: total}, nil
}

func (f *Front) oneTicket(ctx context.Context, c *call) (any, error) {
	m, err := f.Leaves.Message(ctx, c.who, c.PathValue("id"))
	return f.aTicket(ctx, c.tenant, m, err)
}

// addTicket leaves a message for a visitor.
func (f *Front) addTicket(ctx context.Context, c *call) (any, error) {
	var in struct {
		ticketInput
		Visitor string `json:"visitUserName"`
		Number  string `json:"imServiceNumber"`
	}
	if err := c.json(&in); err != nil {
		return nil, err
	}
	inbox, err := f.inbox(ctx, c.tenant, in.Number)
	if err != nil {
		return nil, err
	}
	if err := f.Leaves.Check(ctx, c.tenant, inbox, in.left()); err != nil {
		return nil, err // before there is a visitor
	}
	k, err := f.Intake.Visitor(ctx, c.tenant, inbox, in.Visitor, true)
	if err != nil {
		return nil, err
	}
	m, err := f.Leaves.Leave(ctx, k.Visitor.Actor(), in.left())
	return f.aTicket(ctx, c.tenant, m, err)
}

// changeTicket sets state, agent or note; what is left out stays, "" as agent takes it
// from who has it.
func (f *Front) changeTicket(ctx context.Context, c *call) (any, error) {
	var in struct {
		State *string `json:"state"`
		Agent *string `json:"agentUserName"`
		Note  *string `json:"note"`
	}
	if err := c.json(&in); err != nil {
		return nil, err
	}
	change := leave.Change{Note: in.Note}
	if in.State != nil {
		state := ticketStates[*in.State]
		if state == "" {
			return nil, faultParam
		}
		change.State = &state
	}
	if in.Agent != nil {
		var agent id.Agent
		if *in.Agent != "" {
			a, err := f.Accounts.AgentByLogin(ctx, c.tenant, *in.Agent)
			if errs.CodeOf(err) == errs.NotFound {
				return nil, faultParam
			}
			if err != nil {
				return nil, err
			}
			agent = a.ID
		}
		change.Assignee = &agent
	}
	m, err := f.Leaves.Change(ctx, c.who, c.PathValue("id"), change)
	return f.aTicket(ctx, c.tenant, m, err)
}
