package uckefu

import (
	"io"
	"net/http"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/blacklist"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/leave"
	"parlor/internal/media"
	"parlor/internal/online"
	"parlor/internal/setting"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// webim adds the calls with which apps and mini-programs build a visitor's side
// of their own, and the agents' lists about visitors.
func (f *Front) webim(mux *http.ServeMux) {
	mux.HandleFunc("POST /session", f.visitorSession)
	mux.HandleFunc("POST /api/webim/session", f.visitorSession)
	for pattern, fn := range map[string]func(http.ResponseWriter, *http.Request, account.Inbox) error{
		"GET /api/webim/{id}": f.site, "GET /api/webim/url": f.chatURL, "GET /api/webim/agent": f.agentsThere, "GET /rest/webim/agent": f.agentsThere,
		"GET /api/webim/satis": f.surveyForm,
	} {
		mux.HandleFunc(pattern, f.siteCall(fn))
	}
	mux.HandleFunc("GET /rest/webim/host", f.siteCall(func(w http.ResponseWriter, r *http.Request, _ account.Inbox) error {
		return ok(w, map[string]any{"host": f.base(r), "ssl": strings.HasPrefix(f.base(r), "https:")})
	}))
	for pattern, fn := range map[string]func(http.ResponseWriter, *http.Request, actor.Actor) error{
		"GET /api/webim/chat/his": f.ownHistory, "POST /api/webim/satis/save": f.saveSurvey, "POST /api/webim/leavemsg/save": f.saveLeave,
		"POST /api/webim/image/upload": f.saveFile,
	} {
		mux.HandleFunc(pattern, f.visitorCall(fn))
	}
	for pattern, fn := range map[string]func(http.ResponseWriter, *http.Request, account.Login) error{
		"GET /api/webim": f.sites, "PUT /api/webim": f.saveSite, "GET /api/leavemsg/list": f.leaveList, "GET /api/online/user": f.onlineUsers,
	} {
		mux.HandleFunc(pattern, f.agentCall(fn))
	}
	for _, suffix := range []string{"", ".html"} {
		mux.HandleFunc("GET /apps/invite"+suffix, f.agentAction(f.inviteVisitor))
		mux.HandleFunc("POST /apps/invite"+suffix, f.agentAction(f.inviteVisitor))
		mux.HandleFunc("GET /agent/evaluation"+suffix, f.agentAction(f.askRating))
		mux.HandleFunc("POST /agent/evaluation"+suffix, f.agentAction(f.askRating))
	}
}

// siteCall finds the site of a call that needs no credential.
func (f *Front) siteCall(fn func(http.ResponseWriter, *http.Request, account.Inbox) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := f.Calls.Take("arrive " + f.Clients.Of(r))
		var inbox account.Inbox
		if err == nil {
			inbox, err = f.Accounts.Inbox(r.Context(), id.Inbox(first(first(r.PathValue("id"), r.FormValue("appid")), string(account.MainInbox))))
		}
		if err == nil {
			err = fn(w, r, inbox)
		}
		if err != nil {
			f.refuse(w, r, err)
		}
	}
}

// visitorCall checks the visitor token of a call. A userid that is not the
// token's is refused: a token reads nothing of anybody else.
func (f *Front) visitorCall(fn func(http.ResponseWriter, *http.Request, actor.Actor) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := f.Visitors.Authenticate(f.secretOf(r))
		if err == nil {
			err = f.Calls.Take("v " + string(who.Visitor))
		}
		if err == nil {
			err = f.Blacklist.Refuse(r.Context(), blacklist.Subject{Tenant: who.Tenant, Visitor: who.Visitor, Address: f.Clients.Of(r)})
		}
		if u := r.URL.Query().Get("userid"); err == nil && u != "" {
			var v visitor.Visitor
			if v, err = f.Visitors.Visitor(r.Context(), who.Tenant, who.Visitor); err == nil && u != userID(v) && u != string(v.ID) {
				err = errs.New(errs.Forbidden, "wrong_user", "The userid is not that of the token.")
			}
		}
		if err == nil {
			err = fn(w, r, who)
		}
		if err != nil {
			f.refuse(w, r, err)
		}
	}
}

// visitorSession is POST /session: a token for a visitor, plain in the body. A
// userid is somebody known only together with the session it first came with;
// without one the caller is somebody new.
func (f *Front) visitorSession(w http.ResponseWriter, r *http.Request) {
	err := f.Calls.Take("arrive " + f.Clients.Of(r))
	if err == nil {
		if r.FormValue("session") == "" && r.FormValue("sessionid") == "" {
			r.Form.Set("session", id.Secret(24))
		}
		var v visitor.Visitor
		if v, _, err = f.arrive(r); err == nil {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			_, _ = io.WriteString(w, f.Visitors.Token(v)) // the client has gone if this fails
			return
		}
	}
	f.refuse(w, r, err)
}

// siteView is what is set for a site, in the contract's words.
type siteView struct {
	ID       string `json:"id"`
	SnsID    string `json:"snsaccountid"`
	Name     string `json:"name"`
	Orgi     string `json:"orgi"`
	Color    string `json:"consult_dialog_color,omitempty"`
	Position string `json:"consult_vsitorbtn_position,omitempty"`
	Label    string `json:"consult_vsitorbtn_content,omitempty"`
	Delay    int    `json:"consult_vsitorbtn_display"`
	Title    string `json:"dialog_name,omitempty"`
	Welcome  string `json:"dialog_message,omitempty"`
	Phone    string `json:"dialog_phone,omitempty"`
	Mail     string `json:"dialog_mail,omitempty"`
	Invite   bool   `json:"consult_invite_enable"`
	Text     string `json:"consult_invite_content,omitempty"`
	Leave    bool   `json:"leavemessage"`
	Info     bool   `json:"consult_info"`
	InfoText string `json:"consult_info_message,omitempty"`
	MaxWords int    `json:"maxwordsnum"`
	Voice    bool   `json:"enablevoice"`
	Ctrl     bool   `json:"ctrlenter"`
	Trace    bool   `json:"recordhis"`
}

func viewOf(in account.Inbox) siteView {
	s, zh := in.Settings, setting.Languages[0]
	return siteView{ID: string(in.ID), SnsID: string(in.ID), Name: in.Name, Orgi: string(in.Tenant), Color: s.Color, Position: s.Look.Position, Label: s.Look.Label.In(zh),
		Delay: s.Look.DelayMS, Title: s.Look.Title.In(zh), Welcome: s.Greeting.In(zh), Phone: s.Look.Contact.Phone, Mail: s.Look.Contact.Email, Invite: s.Invite.Enabled,
		Text: s.Invite.Text.In(zh), Leave: !s.Offline.Disabled, Info: s.PreChat.Enabled, InfoText: s.PreChat.Text.In(zh), MaxWords: s.Look.MaxChars, Voice: !s.Look.NoVoice,
		Ctrl: s.Look.CtrlEnter, Trace: !s.NoTrail}
}

func (f *Front) site(w http.ResponseWriter, _ *http.Request, inbox account.Inbox) error {
	return ok(w, viewOf(inbox))
}

func (f *Front) chatURL(w http.ResponseWriter, r *http.Request, inbox account.Inbox) error {
	return ok(w, f.base(r)+"/im/text/"+string(inbox.ID))
}

func (f *Front) agentsThere(w http.ResponseWriter, r *http.Request, inbox account.Inbox) error {
	door, err := f.Routing.Door(r.Context(), inbox.Tenant, inbox.ID, id.Team(r.FormValue("skill")), "")
	if err != nil {
		return err
	}
	there, err := f.Accounts.AnyoneThere(r.Context(), inbox.Tenant)
	if err != nil {
		return err
	}
	lv := door.Refused
	if lv == "" && !there && door.Robot == nil {
		lv = "noagent"
	}
	return ok(w, map[string]any{"online": lv == "", "lvtype": lv})
}

func (f *Front) surveyForm(w http.ResponseWriter, _ *http.Request, inbox account.Inbox) error {
	type item struct {
		Code string `json:"code"`
		Name string `json:"name"`
	}
	levels, reasons := []item{}, []item{}
	for _, l := range inbox.Settings.Survey.LevelList() {
		levels = append(levels, item{l.Code, l.Text.In(setting.Languages[0])})
	}
	for _, x := range inbox.Settings.Survey.ReasonList() {
		reasons = append(reasons, item{x.Code, x.Text.In(setting.Languages[0])})
	}
	return ok(w, map[string]any{"commentList": levels, "commentItemList": reasons})
}

// ownHistory is the visitor's newest messages, 20 of the running or newest
// dialogue, or of the one that contextid names.
func (f *Front) ownHistory(w http.ResponseWriter, r *http.Request, who actor.Actor) error {
	c := id.Conversation(first(r.FormValue("contextid"), r.FormValue("agentserviceid")))
	if c == "" {
		list, _, err := f.Conversations.List(r.Context(), who, conversation.Filter{Limit: 1})
		if err != nil || len(list) == 0 {
			return orOK(w, err)
		}
		c = list[0].ID
	}
	v, err := f.Visitors.Visitor(r.Context(), who.Tenant, who.Visitor)
	if err != nil {
		return err
	}
	list, err := f.Conversations.Messages(r.Context(), who, c, conversation.Range{Limit: 20})
	if err != nil {
		return err
	}
	messages := make([]out, 0, len(list))
	for _, m := range list {
		if _, known := kindWords[m.Kind]; known {
			messages = append(messages, f.visitorMessage(GenC, m, v))
		}
	}
	return ok(w, messages)
}

// orOK answers an empty list unless there is an error.
func orOK(w http.ResponseWriter, err error) error {
	if err != nil {
		return err
	}
	return ok(w, []out{})
}

func (f *Front) saveSurvey(w http.ResponseWriter, r *http.Request, who actor.Actor) error {
	comment := []rune(r.FormValue("satiscomment"))
	_, err := f.Visit.Surveys.Answer(r.Context(), who, id.Conversation(r.FormValue("id")), survey.Answer{Level: r.FormValue("satislevel"), Comment: string(comment[:min(len(comment), 255)])})
	if err != nil {
		return err
	}
	return ok(w, nil)
}

func (f *Front) saveLeave(w http.ResponseWriter, r *http.Request, who actor.Actor) error {
	if err := f.Leaving.Take("v " + string(who.Visitor)); err != nil {
		return err
	}
	v, err := f.Visitors.Visitor(r.Context(), who.Tenant, who.Visitor)
	if err != nil {
		return err
	}
	if err := f.leaveFor(r, v); err != nil {
		return err
	}
	return ok(w, nil)
}

// saveFile stores a file of the token's visitor and answers with its address;
// unless `paste` is there it is sent as a message.
func (f *Front) saveFile(w http.ResponseWriter, r *http.Request, who actor.Actor) error {
	part, name, err := filePart(r, "imgFile")
	if err != nil {
		return err
	}
	file, err := f.Media.Save(r.Context(), who, name, part)
	if err != nil {
		return err
	}
	kind, path := sentAs(file)
	if !r.URL.Query().Has("paste") {
		if err := f.sendFile(r, who, kind, file); err != nil {
			return err
		}
	}
	return ok(w, path+f.Media.Token(file.Tenant, file.ID))
}

func (f *Front) sendFile(r *http.Request, who actor.Actor, kind conversation.Kind, file media.File) error {
	a, err := f.Routing.Admit(r.Context(), who, conversation.StartInput{Channel: "web", Address: f.Clients.Of(r)})
	if err != nil {
		return err
	}
	_, err = f.Conversations.Post(r.Context(), who, conversation.PostInput{Conversation: a.Conversation.ID, Kind: kind, File: file.ID})
	return err
}

// sites are the settings of the company's websites.
func (f *Front) sites(w http.ResponseWriter, r *http.Request, l account.Login) error {
	list, err := f.Accounts.Inboxes(r.Context(), l.Agent.Tenant)
	if err != nil {
		return err
	}
	out := make([]siteView, 0, len(list))
	for _, in := range list {
		out = append(out, viewOf(in))
	}
	return ok(w, paged(r, out))
}

// saveSite changes what a request names of a site; the rest stays.
func (f *Front) saveSite(w http.ResponseWriter, r *http.Request, l account.Login) error {
	book, err := f.Accounts.Book(r.Context(), l.Agent.Tenant)
	if err != nil {
		return err
	}
	in, found := book.Inboxes[id.Inbox(first(r.FormValue("id"), r.FormValue("snsaccountid")))]
	if !found {
		return errs.New(errs.NotFound, "inbox_not_found", "There is no such site.")
	}
	s := &in.Settings
	zh := func(t setting.Text, value string) setting.Text {
		c := setting.Text{}
		for k, v := range t {
			c[k] = v
		}
		c[setting.Languages[0]] = value
		return c
	}
	for name, set := range map[string]func(string){
		"name": func(v string) { in.Name = v }, "consult_dialog_color": func(v string) { s.Color = v },
		"consult_vsitorbtn_position": func(v string) { s.Look.Position = v }, "consult_vsitorbtn_content": func(v string) { s.Look.Label = zh(s.Look.Label, v) },
		"dialog_name": func(v string) { s.Look.Title = zh(s.Look.Title, v) }, "dialog_message": func(v string) { s.Greeting = zh(s.Greeting, v) },
		"dialog_phone": func(v string) { s.Look.Contact.Phone = v }, "dialog_mail": func(v string) { s.Look.Contact.Email = v },
		"consult_invite_enable": func(v string) { s.Invite.Enabled = v == "true" }, "consult_invite_content": func(v string) { s.Invite.Text = zh(s.Invite.Text, v) },
		"leavemessage": func(v string) { s.Offline.Disabled = v != "true" }, "consult_info": func(v string) { s.PreChat.Enabled = v == "true" },
		"consult_info_message": func(v string) { s.PreChat.Text = zh(s.PreChat.Text, v) }, "enablevoice": func(v string) { s.Look.NoVoice = v != "true" },
		"ctrlenter": func(v string) { s.Look.CtrlEnter = v == "true" }, "recordhis": func(v string) { s.NoTrail = v != "true" },
	} {
		if r.Form.Has(name) {
			set(r.FormValue(name))
		}
	}
	if err := f.Accounts.SetInbox(r.Context(), l.Actor(), in); err != nil {
		return err
	}
	return ok(w, viewOf(in))
}

// leaveList are left messages and missed visitors, newest first, a page of up to 200.
func (f *Front) leaveList(w http.ResponseWriter, r *http.Request, l account.Login) error {
	list, _, err := f.Visit.Leaves.List(r.Context(), l.Actor(), leave.Filter{State: leave.State(r.FormValue("msgstatus")), Limit: 200})
	if err != nil {
		return err
	}
	type row struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Mobile  string `json:"mobile,omitempty"`
		Email   string `json:"email,omitempty"`
		Address string `json:"address,omitempty"`
		QQ      string `json:"qq,omitempty"`
		Content string `json:"content"`
		UserID  string `json:"userid,omitempty"`
		Status  string `json:"msgstatus"`
		AppID   string `json:"appid"`
		Type    string `json:"type"`
		Created int64  `json:"createtime"`
	}
	out := make([]row, 0, len(list))
	for _, m := range list {
		out = append(out, row{m.ID, m.Name, m.Phone, m.Email, m.Fields["address"], m.Fields["qq"], m.Content, string(m.Visitor), string(m.State), string(m.Inbox), string(m.Kind), m.At.UnixMilli()})
	}
	return ok(w, paged(r, out))
}

// inviteWords are the contract's words for the states of an invitation.
var inviteWords = map[online.State]string{online.None: "default", online.Invited: "invite", online.Accepted: "accept", online.Refused: "refuse", online.InService: "inserv"}

// onlineUsers are the visitors who look at a page now, OnlineUser in the contract.
func (f *Front) onlineUsers(w http.ResponseWriter, r *http.Request, l account.Login) error {
	list, _, _, err := f.Visit.Online.List(r.Context(), l.Actor(), online.Filter{Inbox: id.Inbox(r.FormValue("appid")), Limit: 200})
	if err != nil {
		return err
	}
	out := make([]map[string]any, 0, len(list))
	for _, v := range list {
		out = append(out, map[string]any{"id": v.Visitor, "userid": v.Visitor, "username": v.Name, "appid": v.Inbox, "channel": "webim", "status": "online", "logintime": v.Since.UnixMilli(),
			"updatetime": v.PageSince.UnixMilli(), "country": v.Region.Country, "province": v.Region.Province, "city": v.Region.City, "opersystem": v.OS, "browser": v.Browser,
			"mobile": v.Mobile, "source": v.Source, "keyword": v.Keyword, "url": v.URL, "title": v.Title, "olduser": v.Visits > 1, "invitetimes": v.Invites, "invitestatus": inviteWords[v.State]})
	}
	return ok(w, paged(r, out))
}

// inviteVisitor is /apps/invite: id is that of an online user.
func (f *Front) inviteVisitor(w http.ResponseWriter, r *http.Request, l account.Login) error {
	got, err := f.Visit.Invites.Send(r.Context(), l.Actor(), id.Visitor(r.FormValue("id")), "")
	if err != nil {
		return err
	}
	return ok(w, map[string]any{"id": got.ID, "result": got.Result})
}

// askRating is /agent/evaluation: the visitor of a running dialogue is asked to rate.
func (f *Front) askRating(w http.ResponseWriter, r *http.Request, l account.Login) error {
	c := id.Conversation(r.FormValue("agentserviceid"))
	if c == "" {
		active, err := f.Conversations.Active(r.Context(), l.Agent.Tenant, id.Visitor(r.FormValue("agentuserid")))
		if err != nil {
			return err
		}
		c = active.ID
	}
	if _, err := f.Visit.Surveys.Ask(r.Context(), l.Actor(), c); err != nil {
		return err
	}
	return ok(w, nil)
}

// surveyed asks the visitor of a page to rate; mu is held. B opens its dialogue
// by the status, C by an event of its own.
func (c *visitorConn) surveyed(d *survey.Changed) {
	if !c.admitted || !d.Ask || d.Survey.Conversation != c.conv.ID {
		return
	}
	c.status("invit", withAgent(c.prompt(setting.PromptRate), c.conv.AgentName), false)
	_ = c.sock.Emit("satisfaction", map[string]string{"agentserviceid": string(c.conv.ID)}) // a full queue closes the socket
}
