package uckefu

import (
	"net/http"
	"strconv"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/canned"
	"parlor/internal/errs"
	"parlor/internal/setting"
	"parlor/internal/tag"
)

// masters adds the lists of the contract's REST API that have a counterpart here.
func (f *Front) masters(mux *http.ServeMux) {
	for pattern, fn := range map[string]func(http.ResponseWriter, *http.Request, account.Login) error{
		"GET /api/user": f.users, "GET /api/organ": f.organs, "GET /api/tags": f.tagList, "GET /api/sysdic": f.dictionary,
		"GET /api/quickreply": f.replies, "PUT /api/quickreply": f.saveReply, "DELETE /api/quickreply": f.deleteReply,
		"GET /api/quicktype": f.replyTypes, "PUT /api/quicktype": f.saveReplyType, "DELETE /api/quicktype": f.deleteReplyType,
	} {
		mux.HandleFunc(pattern, f.agentCall(fn))
	}
}

// paged cuts a list by the contract's parameters: p from 1, ps default 20, at most 200.
func paged[T any](r *http.Request, list []T) []T {
	size, err := strconv.Atoi(r.FormValue("ps"))
	if err != nil || size < 1 || size > 200 {
		size = 20
	}
	page, err := strconv.Atoi(r.FormValue("p"))
	if err != nil || page < 1 {
		page = 1
	}
	from := min((page-1)*size, len(list))
	return append([]T{}, list[from:min(from+size, len(list))]...)
}

// user is an agent in the contract's words.
type user struct {
	ID       string `json:"id"`
	UserName string `json:"username"`
	UName    string `json:"uname"`
	Email    string `json:"email,omitempty"`
	Organ    string `json:"organ,omitempty"`
	Agent    bool   `json:"agent"`
	MaxUser  int    `json:"maxuser"`
	// DataStatus is true for an agent who cannot log in any more.
	DataStatus bool `json:"datastatus"`
	SuperUser  bool `json:"superuser"`
}

func (f *Front) users(w http.ResponseWriter, r *http.Request, l account.Login) error {
	if !who(l).Can(actor.Administer) {
		return f.colleagues(w, r, l)
	}
	list, err := f.Accounts.Agents(r.Context(), who(l))
	if err != nil {
		return err
	}
	out := make([]user, 0, len(list))
	for _, a := range list {
		u := user{ID: string(a.ID), UserName: a.Username, UName: a.Name, Email: a.Email, Agent: true, MaxUser: a.Cap, DataStatus: a.Disabled, SuperUser: a.Role == account.Admin}
		if len(a.Teams) > 0 {
			u.Organ = string(a.Teams[0])
		}
		out = append(out, u)
	}
	return ok(w, paged(r, out))
}

// colleagues is what an agent may know of the others: no logins.
func (f *Front) colleagues(w http.ResponseWriter, r *http.Request, l account.Login) error {
	list, err := f.Accounts.Roster(r.Context(), l.Agent.Tenant)
	if err != nil {
		return err
	}
	out := make([]user, 0, len(list))
	for _, a := range list {
		u := user{ID: string(a.Agent), UserName: a.Name, UName: a.Name, Agent: true, MaxUser: a.Cap}
		if len(a.Teams) > 0 {
			u.Organ = string(a.Teams[0])
		}
		out = append(out, u)
	}
	return ok(w, paged(r, out))
}

// organ is a team in the contract's words.
type organ struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Code   string `json:"code"`
	Parent string `json:"parent"`
	Skill  bool   `json:"skill"`
	Orgi   string `json:"orgi"`
}

func (f *Front) organs(w http.ResponseWriter, r *http.Request, l account.Login) error {
	list, err := f.Accounts.Teams(r.Context(), l.Agent.Tenant)
	if err != nil {
		return err
	}
	out := make([]organ, 0, len(list))
	for _, t := range list {
		parent := t.Settings.Parent
		if parent == "" {
			parent = "0"
		}
		out = append(out, organ{ID: string(t.ID), Name: t.Name, Code: string(t.ID), Parent: parent, Skill: true, Orgi: string(t.Tenant)})
	}
	return ok(w, paged(r, out))
}

func (f *Front) tagList(w http.ResponseWriter, r *http.Request, l account.Login) error {
	kind := tag.Kind("")
	if r.FormValue("type") == "user" {
		kind = tag.Visitor
	}
	list, err := f.Tags.List(r.Context(), who(l), kind)
	if err != nil {
		return err
	}
	out := make([]map[string]any, 0, len(list))
	for _, t := range list {
		words := "user"
		if t.Kind == tag.Conversation {
			words = "summary"
		}
		out = append(out, map[string]any{"id": t.ID, "tag": t.Name, "tagtype": words, "color": t.Color, "createtime": t.CreatedAt.UnixMilli(), "orgi": l.Agent.Tenant})
	}
	return ok(w, paged(r, out))
}

// dictionary answers the dictionaries that have a meaning here: the levels and
// the reasons of the survey, of an inbox or of inbox main.
func (f *Front) dictionary(w http.ResponseWriter, r *http.Request, l account.Login) error {
	appid := r.FormValue("appid")
	book, err := f.Accounts.Book(r.Context(), l.Agent.Tenant)
	if err != nil {
		return err
	}
	survey := setting.Survey{}
	for inbox, in := range book.Inboxes {
		if string(inbox) == appid || appid == "" && inbox == account.MainInbox {
			survey = in.Settings.Survey
		}
	}
	type item struct {
		ID   string `json:"id"`
		Code string `json:"code"`
		Name string `json:"name"`
		Dic  string `json:"dicid"`
	}
	var out []item
	for _, v := range survey.LevelList() {
		out = append(out, item{v.Code, v.Code, v.Text.In(setting.Languages[0]), "com.dic.webim.comment"})
	}
	for _, v := range survey.ReasonList() {
		out = append(out, item{v.Code, v.Code, v.Text.In(setting.Languages[0]), "com.dic.webim.comment.item"})
	}
	if id := r.FormValue("id"); id != "" {
		keep := out[:0]
		for _, i := range out {
			if i.Dic == id {
				keep = append(keep, i)
			}
		}
		out = keep
	}
	return ok(w, append([]item{}, out...))
}

// scopeOf reads the contract's two scopes: pri is the agent's own, anything else the company's.
func scopeOf(word string) canned.Scope {
	if word == "pri" {
		return canned.Personal
	}
	return canned.Company
}

// wordOf is the reverse of scopeOf; a team's entries are public.
func wordOf(s canned.Scope) string {
	if s == canned.Personal {
		return "pri"
	}
	return "pub"
}

type quickReply struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Content string `json:"content"`
	Type    string `json:"type"`
	Cate    string `json:"cate"`
}

func newQuickReply(e canned.Entry) quickReply {
	cate := e.Category
	if cate == "" {
		cate = "0"
	}
	return quickReply{ID: e.ID, Title: e.Title, Content: e.Text, Type: wordOf(e.Scope), Cate: cate}
}

// cateOf reads a category; the contract's root is "0".
func cateOf(s string) string {
	if s == "0" {
		return ""
	}
	return s
}

func (f *Front) replies(w http.ResponseWriter, r *http.Request, l account.Login) error {
	in := canned.ListInput{Kind: canned.Reply, Query: r.FormValue("q"), Category: cateOf(r.FormValue("cate"))}
	if t := r.FormValue("type"); t != "" {
		in.Scope = scopeOf(t)
	}
	list, err := f.Canned.List(r.Context(), who(l), in)
	if err != nil {
		return err
	}
	out := make([]quickReply, 0, len(list))
	for _, o := range list {
		out = append(out, newQuickReply(o.Entry))
	}
	return ok(w, paged(r, out))
}

func (f *Front) saveReply(w http.ResponseWriter, r *http.Request, l account.Login) error {
	in := canned.EntryInput{Title: r.FormValue("title"), Text: r.FormValue("content"), Category: cateOf(r.FormValue("cate"))}
	var e canned.Entry
	var err error
	if entry := r.FormValue("id"); entry != "" {
		e, err = f.Canned.Change(r.Context(), who(l), entry, in)
	} else {
		var shelf canned.Shelf
		if shelf, err = canned.ShelfOf(who(l), canned.Reply, scopeOf(r.FormValue("type")), ""); err == nil {
			e, err = f.Canned.Add(r.Context(), who(l), shelf, in)
		}
	}
	if err != nil {
		return err
	}
	return ok(w, newQuickReply(e))
}

func (f *Front) deleteReply(w http.ResponseWriter, r *http.Request, l account.Login) error {
	if err := f.Canned.Remove(r.Context(), who(l), r.FormValue("id")); err != nil {
		return err
	}
	return ok(w, nil)
}

type quickType struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	ParentID  string `json:"parentid"`
	QuickType string `json:"quicktype"`
	Inx       int    `json:"inx"`
	Enable    bool   `json:"enable"`
}

func newQuickType(c canned.Category) quickType {
	parent := c.Parent
	if parent == "" {
		parent = "0"
	}
	return quickType{ID: c.ID, Name: c.Name, ParentID: parent, QuickType: wordOf(c.Scope), Inx: c.Sort, Enable: true}
}

func (f *Front) replyTypes(w http.ResponseWriter, r *http.Request, l account.Login) error {
	in := canned.ListInput{Kind: canned.Reply}
	if t := r.FormValue("quicktype"); t != "" {
		in.Scope = scopeOf(t)
	}
	list, err := f.Canned.Tree(r.Context(), who(l), in)
	if err != nil {
		return err
	}
	out := make([]quickType, 0, len(list))
	for _, c := range list {
		out = append(out, newQuickType(c))
	}
	return ok(w, paged(r, out))
}

func (f *Front) saveReplyType(w http.ResponseWriter, r *http.Request, l account.Login) error {
	sort := 0
	if s := r.FormValue("inx"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return errs.Field("inx", "bad_number", "%q is not a number.", s).Because(err)
		}
		sort = n
	}
	shelf, err := canned.ShelfOf(who(l), canned.Reply, scopeOf(r.FormValue("quicktype")), "")
	if err != nil {
		return err
	}
	c, err := f.Canned.SaveCategory(r.Context(), who(l), shelf, r.FormValue("id"),
		canned.CategoryInput{Name: r.FormValue("name"), Parent: cateOf(r.FormValue("parentid")), Sort: sort})
	if err != nil {
		return err
	}
	return ok(w, newQuickType(c))
}

func (f *Front) deleteReplyType(w http.ResponseWriter, r *http.Request, l account.Login) error {
	if err := f.Canned.RemoveCategory(r.Context(), who(l), r.FormValue("id")); err != nil {
		return err
	}
	return ok(w, nil)
}
