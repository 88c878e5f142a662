package easemob

import (
	"context"
	"strconv"

	"parlor/internal/account"
	"parlor/internal/id"
	"parlor/internal/knowledge"
	"parlor/internal/robot"
)

// information registers what pages show beside the chat: frequent questions, and what
// the robot's menu and the invitations of the inbox are.
func (f *Front) information() {
	const config = webPrefix + "/settings/tenants/{tenant}/configs/{config}"
	f.open("GET "+config+"/fusion", f.configured(f.fusion))
	f.open("GET "+config+"/information/issues", f.configured(f.issues))
	f.open("GET "+config+"/information/self-service", f.configured(f.selfService))
	f.open("GET "+config+"/information/menu", f.configured(f.robotMenu))
	f.open("GET "+config+"/information/invitations", f.configured(f.invitations))
	f.open("PUT "+config+"/information/issues/{issue}/increase", f.configured(f.opened))
	f.open("PUT "+config+"/issues/{issue}/increase", f.configured(f.opened))
}

// configCall is a call about the configuration of a page, which is an inbox.
type configCall struct {
	*call
	book  *account.Book
	inbox account.Inbox
	lang  string
}

// configured finds the configuration that the path names.
func (f *Front) configured(h func(ctx context.Context, c configCall) (any, error)) func(context.Context, *call) (any, error) {
	return func(ctx context.Context, c *call) (any, error) {
		book, err := f.Accounts.Book(ctx, c.tenant)
		if err != nil {
			return nil, err
		}
		in, ok := book.Inboxes[id.Inbox(c.PathValue("config"))]
		if !ok {
			return nil, faultNothing
		}
		return h(ctx, configCall{c, book, in, robot.Language(c.Header.Get("Accept-Language"))})
	}
}

// The page of frequent questions: it counts from 0.
const (
	firstIssues = 8
	mostIssues  = 10_000
)

// issueSpan reads which questions are wanted.
func issueSpan(c configCall) (offset, size int, err error) {
	q := c.URL.Query()
	page, size := 0, firstIssues
	if v := q.Get("page"); v != "" {
		if page, err = strconv.Atoi(v); err != nil || page < 0 || page > mostIssues {
			return 0, 0, faultParam
		}
	}
	if v := q.Get("size"); v != "" {
		if size, err = strconv.Atoi(v); err != nil || size < 1 || size > knowledge.MaxPopular {
			return 0, 0, faultSize
		}
	}
	return page * size, size, nil
}

// frequent are the frequent questions of an inbox, the most asked first. What agents
// alone answer with is not told: there are some where a robot answers.
func (f *Front) frequent(ctx context.Context, c configCall) (out []object, total int, err error) {
	out = []object{}
	offset, size, err := issueSpan(c)
	if _, answers := c.book.Robots[c.inbox.ID]; err != nil || !answers {
		return out, 0, err
	}
	found, total, err := f.Knowledge.Popular(ctx, c.tenant, knowledge.Query{Inbox: c.inbox.ID, Locale: c.lang, Limit: size}, offset)
	for _, a := range found {
		out = append(out, object{"id": a.ID, "issue": a.Title, "answer": a.Answer, "url": a.Link, "urlTitle": a.LinkTitle, "count": a.Asked})
	}
	return out, total, err
}

func (f *Front) issues(ctx context.Context, c configCall) (any, error) {
	out, total, err := f.frequent(ctx, c)
	return list{entities: out, total: total}, err
}

// opened counts that a question was opened.
func (f *Front) opened(ctx context.Context, c configCall) (any, error) {
	if _, answers := c.book.Robots[c.inbox.ID]; !answers {
		return nil, faultNothing
	}
	return nil, f.Knowledge.Read(ctx, c.tenant, c.inbox.ID, c.PathValue("issue"))
}

// menuItems are the items of the first menu of the robot that receives now.
func (f *Front) menuItems(ctx context.Context, c configCall, persons bool) ([]object, error) {
	out := []object{}
	w, ok, err := f.Robots.Welcome(ctx, c.tenant, c.inbox.ID, c.lang)
	if err != nil || !ok {
		return out, err
	}
	for _, x := range w.Items {
		if persons || !x.Person {
			out = append(out, object{"id": x.ID, "name": x.Title, "url": x.Link, "queueId": nullable(string(x.Team))})
		}
	}
	return out, nil
}

// selfService is what the robot's menu offers without a person.
func (f *Front) selfService(ctx context.Context, c configCall) (any, error) {
	out, err := f.menuItems(ctx, c, false)
	return list{entities: out, total: len(out)}, err
}

func (f *Front) robotMenu(ctx context.Context, c configCall) (any, error) {
	out, err := f.menuItems(ctx, c, true)
	return list{entities: out, total: len(out)}, err
}

// invited are the rules by which the page invites.
func invited(c configCall) []object {
	out := []object{}
	in := c.inbox.Settings.Invite
	if !in.Enabled {
		return out
	}
	for i, r := range in.Rules {
		text := r.Text.In(c.lang)
		if text == "" {
			text = in.Text.In(c.lang)
		}
		out = append(out, object{"id": i + 1, "name": r.Name, "visitTime": r.After, "intervalTime": r.Repeat, "message": text})
	}
	return out
}

func (f *Front) invitations(_ context.Context, c configCall) (any, error) {
	out := invited(c)
	return list{entities: out, total: len(out)}, nil
}

// fusion is all of it at once, with the configuration of the page.
func (f *Front) fusion(ctx context.Context, c configCall) (any, error) {
	frequent, total, err := f.frequent(ctx, c)
	if err != nil {
		return nil, err
	}
	items, err := f.menuItems(ctx, c, true)
	if err != nil {
		return nil, err
	}
	service, err := f.menuItems(ctx, c, false)
	return object{"tenantId": c.number, "configId": c.inbox.ID, "configName": c.inbox.Name, "configJson": configOf(c.inbox, c.number, c.book.TakesMessages(c.inbox.ID), c.lang),
		"issues": object{"entities": frequent, "totalElements": total}, "selfService": service, "menu": items, "invitations": invited(c)}, err
}
