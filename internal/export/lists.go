package export

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/contact"
	"parlor/internal/leave"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// points are an address and a number as the asker may see them.
func (r *run) points(email, phone string) (string, string) {
	v := visitor.Visitor{Email: email, Phone: phone}.For(r.who)
	return v.Email, v.Phone
}

func (r *run) contacts(ctx context.Context, after string) (next string, err error) {
	f := r.x.Filter
	page, next, err := r.Lists.PastContacts(ctx, r.x.Tenant, f.Agent, after, pageRows)
	if err != nil {
		return "", err
	}
	for _, c := range page {
		if c.CreatedAt.Before(f.From) || !c.CreatedAt.Before(f.To) {
			continue
		}
		if err = r.contact(c.For(r.who)); err != nil {
			return "", err
		}
	}
	return next, nil
}

func (r *run) contact(c contact.Contact) error {
	sure := "yes"
	if c.Unknown {
		sure = "no"
	}
	var sources []string
	for _, ch := range c.Channels {
		if !slices.Contains(sources, ch.Source) {
			sources = append(sources, ch.Source)
		}
	}
	last := ""
	if c.LastChat != nil {
		last = r.time(&c.LastChat.At)
	}
	return r.row(string(c.ID), c.Name, strings.Join(c.Emails, ", "), strings.Join(c.Phones, ", "), named(r.names.Agents, c.Manager), r.words[sure],
		strings.Join(sources, ", "), pairs(r.fields(c.Fields)), r.time(&c.CreatedAt), last)
}

// pairs writes values with their keys into one cell.
func pairs(values map[string]string) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		list = append(list, key+": "+values[key])
	}
	return strings.Join(list, "; ")
}

func (r *run) left(ctx context.Context, after string) (next string, err error) {
	f := r.x.Filter
	page, next, err := r.Lists.Leaves(ctx, r.x.Tenant, leave.Filter{State: leave.State(f.State), Assignee: f.Agent, From: f.From, To: f.To, After: after, Limit: pageRows})
	if err != nil {
		return "", err
	}
	for _, m := range page {
		if f.Inbox != "" && m.Inbox != f.Inbox {
			continue
		}
		m = m.For(r.who)
		if err = r.row(m.ID, r.time(&m.At), r.word("left.", string(m.Kind)), r.word("left.", string(m.State)), m.Name, m.Email, m.Phone, m.Content, pairs(m.Fields),
			r.word("why.", m.Reason), named(r.names.Inboxes, m.Inbox), m.Title, m.URL, named(r.names.Agents, m.Assignee), m.Note, m.Reply, r.time(m.RepliedAt), m.RepliedBy); err != nil {
			return "", err
		}
	}
	return next, nil
}

// ratings are those that the list of ratings shows: without actor.SeeAll one's own.
func (r *run) ratings(ctx context.Context, after string) (next string, err error) {
	f := r.x.Filter
	if !r.who.Can(actor.SeeAll) {
		f.Agent = r.who.Agent
	}
	page, next, err := r.Lists.Surveys(ctx, r.x.Tenant, survey.Filter{Agent: f.Agent, Team: f.Team, Inbox: f.Inbox, Level: f.Rating, From: f.From, To: f.To, After: after, Limit: pageRows})
	if err != nil {
		return "", err
	}
	for _, v := range page {
		reasons := make([]string, len(v.Reasons))
		for i, code := range v.Reasons {
			reasons[i] = named(r.names.Reasons, code)
		}
		if err = r.row(r.time(v.AnsweredAt), named(r.names.Levels, v.Level), strconv.Itoa(v.Score), strings.Join(reasons, ", "), v.Comment, v.VisitorName,
			r.agent(v.Agent, v.AgentName), named(r.names.Teams, v.Team), named(r.names.Inboxes, v.Inbox), string(v.Conversation)); err != nil {
			return "", err
		}
	}
	return next, nil
}

func (r *run) audit(ctx context.Context, after string) (next string, err error) {
	f := r.x.Filter
	page, next, err := r.Lists.Audit(ctx, r.x.Tenant, audit.Filter{Thing: f.Thing, By: string(f.Agent), From: f.From, To: f.To, After: after, Limit: pageRows})
	if err != nil {
		return "", err
	}
	for _, e := range page {
		if err = r.row(r.time(&e.At), e.ByName, r.word("action.", e.Action), e.Thing, e.ThingID, e.Name, string(e.Before), string(e.After)); err != nil {
			return "", err
		}
	}
	return next, nil
}
