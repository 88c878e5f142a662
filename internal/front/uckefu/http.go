package uckefu

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/id"
	"parlor/internal/media"
)

// cookieName carries the token of POST /tokens.
const cookieName = "authorization"

// envelope is the form of every answer of the REST calls.
type envelope struct {
	Status string `json:"status"`
	Data   any    `json:"data,omitempty"`
	Error  string `json:"error,omitempty"`
}

func (f *Front) http(mux *http.ServeMux) {
	f.console(mux)
	f.masters(mux)
	mux.HandleFunc("POST /tokens", f.issueToken)
	mux.HandleFunc("GET /tokens", f.agentCall(f.whoAmI))
	mux.HandleFunc("DELETE /tokens", f.agentCall(f.logout))
	mux.HandleFunc("GET /api/servicequene", f.agentCall(f.queue))
	mux.HandleFunc("PUT /api/servicequene", f.agentCall(f.changeState))
	mux.HandleFunc("GET /api/agentuser", f.agentCall(f.dialogues))
	mux.HandleFunc("GET /api/chatmessage", f.agentCall(f.messages))
	for _, suffix := range []string{"", ".html"} {
		mux.HandleFunc("POST /im/image/upload"+suffix, f.upload)
		mux.HandleFunc("GET /res/image"+suffix, f.file)
		mux.HandleFunc("GET /res/file"+suffix, f.file)
		mux.HandleFunc("GET /res/voice"+suffix, f.file)
	}
}

// issueToken answers with the plain token and sets it as a cookie. A wrong
// login is 401 with the envelope's AUTH_ERROR.
func (f *Front) issueToken(w http.ResponseWriter, r *http.Request) {
	username, password := r.FormValue("username"), r.FormValue("password")
	l, err := f.Accounts.Login(r.Context(), account.MainTenant, username, password, f.Clients.Of(r), account.LegacyToken)
	if err != nil {
		f.refuse(w, r, err)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: l.Secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: f.Clients.Secure(r), MaxAge: int(account.LegacyLife.Seconds())})
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, l.Secret) // the client has gone if this fails
}

// secretOf is the token of a call: header or parameter `authorization`.
func (f *Front) secretOf(r *http.Request) string {
	if secret := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); secret != "" {
		return secret
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return r.URL.Query().Get("authorization") // the body is a file and is read once, by its taker
	}
	return r.FormValue("authorization")
}

// agentCall checks the token of a REST call: header or parameter
// `authorization`, or for reading the cookie. A userid that differs from the
// token's user is refused.
func (f *Front) agentCall(fn func(http.ResponseWriter, *http.Request, account.Login) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		secret := f.secretOf(r)
		if c, err := r.Cookie(cookieName); secret == "" && err == nil && r.Method == http.MethodGet {
			secret = c.Value
		}
		l, err := f.Accounts.Authenticate(r.Context(), secret)
		if err == nil {
			err = f.Calls.Take("a " + string(l.Agent.ID))
		}
		if u := r.FormValue("userid"); err == nil && u != "" && u != string(l.Agent.ID) {
			err = errs.New(errs.Forbidden, "wrong_user", "The userid is not that of the token.")
		}
		if err == nil {
			err = fn(w, r, l)
		}
		if err != nil {
			f.refuse(w, r, err)
		}
	}
}

func (f *Front) refuse(w http.ResponseWriter, r *http.Request, err error) {
	httpx.LogInternal(f.Log, r, err)
	status := "LACKDATA"
	switch errs.CodeOf(err) {
	case errs.Unauthenticated, errs.Forbidden, errs.TooMany:
		status = "AUTH_ERROR"
	}
	httpx.JSON(w, errs.Status(err), envelope{Status: status, Error: errs.MessageOf(err)})
}

func ok(w http.ResponseWriter, data any) error {
	httpx.JSON(w, http.StatusOK, envelope{Status: "OK", Data: data})
	return nil
}

func (f *Front) whoAmI(w http.ResponseWriter, _ *http.Request, l account.Login) error {
	return ok(w, map[string]any{"id": l.Agent.ID, "username": l.Agent.Username, "uname": l.Agent.Name, "email": l.Agent.Email,
		"orgi": l.Agent.Tenant, "agent": true, "superadmin": l.Agent.Role == account.Admin})
}

func (f *Front) logout(w http.ResponseWriter, r *http.Request, l account.Login) error {
	if err := f.Accounts.Logout(r.Context(), l); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true})
	return ok(w, nil)
}

// stateWords are the contract's words for states.
var stateWords = map[string]account.State{
	"ready": account.Ready, "notready": account.Away, "busy": account.Busy, "notbusy": account.Ready,
}

func (f *Front) setState(ctx context.Context, who actor.Actor, word string) (account.AgentStatus, error) {
	state, known := stateWords[word]
	if !known {
		return account.AgentStatus{}, errs.Field("status", "unknown_state", "%q is not a state; ready, notready, busy and notbusy are.", word)
	}
	return f.Accounts.SetState(ctx, who, state, "")
}

func (f *Front) queue(w http.ResponseWriter, r *http.Request, l account.Login) error {
	rep, err := f.report(r.Context(), l.Agent.Tenant)
	if err != nil {
		return err
	}
	return ok(w, rep)
}

func (f *Front) changeState(w http.ResponseWriter, r *http.Request, l account.Login) error {
	word := r.FormValue("status")
	if _, err := f.setState(r.Context(), l.Actor(), word); err != nil {
		return err
	}
	rep, err := f.report(r.Context(), l.Agent.Tenant)
	if err != nil {
		return err
	}
	rep.ServiceState = word
	return ok(w, rep)
}

// dialogues are the agent's running dialogues; q restricts by name.
func (f *Front) dialogues(w http.ResponseWriter, r *http.Request, l account.Login) error {
	list, _, err := f.Conversations.List(r.Context(), l.Actor(), conversation.Filter{View: conversation.ViewMine, Limit: 200})
	if err != nil {
		return err
	}
	ids := make([]id.Visitor, len(list))
	for i, c := range list {
		ids[i] = c.Visitor
	}
	visitors, err := f.Visitors.Visitors(r.Context(), l.Agent.Tenant, ids)
	if err != nil {
		return err
	}
	users := make([]agentUser, 0, len(list))
	for _, c := range list {
		u := newAgentUser(GenA, c, visitors[c.Visitor].For(l.Actor()))
		if q := r.FormValue("q"); q == "" || strings.Contains(strings.ToLower(u.NickName+" "+u.UserID), strings.ToLower(q)) {
			users = append(users, u)
		}
	}
	return ok(w, users)
}

// messages of a dialogue that the agent may see, oldest first, 20 newest.
func (f *Front) messages(w http.ResponseWriter, r *http.Request, l account.Login) error {
	cid := id.Conversation(r.FormValue("serviceid"))
	c, err := f.Conversations.Conversation(r.Context(), l.Actor(), cid)
	if err != nil {
		return err
	}
	v, err := f.Visitors.Visitor(r.Context(), l.Agent.Tenant, c.Visitor)
	if err != nil {
		return err
	}
	list, err := f.Conversations.Messages(r.Context(), l.Actor(), cid, conversation.Range{Limit: 200})
	if err != nil {
		return err
	}
	out := make([]chatMessage, 0, len(list))
	for _, m := range list {
		if _, known := kindWords[m.Kind]; known {
			out = append(out, f.agentMessage(GenA, m, c, v))
		}
	}
	return ok(w, out)
}

// uploadAnswer is what the page's editor expects, served as text/html for its
// hidden iframe.
type uploadAnswer struct {
	Error   int    `json:"error"`
	URL     string `json:"url,omitempty"`
	Message string `json:"message,omitempty"`
}

func (f *Front) upload(w http.ResponseWriter, r *http.Request) {
	url, err := f.take(r)
	f.uploaded(w, r, uploadAnswer{URL: url}, err)
}

// uploaded answers an upload, successful or not.
func (f *Front) uploaded(w http.ResponseWriter, r *http.Request, answer uploadAnswer, err error) {
	if err != nil {
		httpx.LogInternal(f.Log, r, err)
		answer = uploadAnswer{Error: 1, Message: errs.MessageOf(err)}
	}
	b, merr := json.Marshal(answer)
	if merr != nil {
		httpx.LogInternal(f.Log, r, merr)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	w.WriteHeader(errs.Status(err))
	_, _ = w.Write(b) // the client has gone if this fails
}

// take stores a file of a visitor whose page is open, and unless the page says
// `paste` sends it as a message.
func (f *Front) take(r *http.Request) (string, error) {
	ctx, q, ip := r.Context(), r.URL.Query(), f.Clients.Of(r)
	if err := f.Calls.Take("upload " + ip); err != nil {
		return "", err
	}
	userid := q.Get("userid")
	if userid == "" {
		return "", errs.Field("userid", "bad_userid", "The userid is missing.")
	}
	appid := id.Inbox(q.Get("appid"))
	if appid == "" {
		appid = account.MainInbox
	}
	v, found := f.page(appid, userid, ip)
	if !found {
		return "", errs.New(errs.Forbidden, "not_admitted", "The visitor has no open page.")
	}
	part, name, err := filePart(r, "imgFile")
	if err != nil {
		return "", err
	}
	file, err := f.Media.Save(ctx, v.Actor(), name, part)
	if err != nil {
		return "", err
	}
	kind, path := sentAs(file)
	url := path + f.Media.Token(file.Tenant, file.ID)
	if q.Has("paste") {
		return url, nil
	}
	a, err := f.Routing.Admit(ctx, v.Actor(), conversation.StartInput{Channel: "web", Address: ip, Fingerprint: v.External})
	if err != nil {
		return "", err
	}
	_, err = f.Conversations.Post(ctx, v.Actor(), conversation.PostInput{Conversation: a.Conversation.ID, Kind: kind, File: file.ID})
	return url, err
}

// sentAs is the kind of message that a file makes, and the address that it is read at.
func sentAs(file media.File) (conversation.Kind, string) {
	if file.Width > 0 {
		return conversation.Image, "/res/image.html?id="
	}
	return conversation.FileK, "/res/file.html?id="
}

// filePart finds the file of a multipart form without holding it.
func filePart(r *http.Request, field string) (io.Reader, string, error) {
	mr, err := r.MultipartReader()
	if err != nil {
		return nil, "", errs.New(errs.Invalid, "not_multipart", "The body is not a form with a file.").Because(err)
	}
	for range 20 {
		p, err := mr.NextPart()
		if err != nil {
			break
		}
		if p.FormName() == field && p.FileName() != "" {
			return p, p.FileName(), nil
		}
	}
	return nil, "", errs.Field(field, "file_missing", "The form has no file %q.", field)
}

// file serves a stored file by its token. Pictures are the smaller variant
// unless the original is asked for, by suffix (A, B) or parameter (C).
func (f *Front) file(w http.ResponseWriter, r *http.Request) {
	token, variant := first(r.PathValue("id"), r.URL.Query().Get("id")), media.Thumb
	token = strings.TrimPrefix(token, uploadPrefix)
	if handled, err := f.cooperation(w, r, token); handled {
		if err != nil {
			httpx.LogInternal(f.Log, r, err)
			http.Error(w, errs.MessageOf(err), errs.Status(err))
		}
		return
	}
	if t, yes := strings.CutSuffix(token, "_original"); yes {
		token, variant = t, media.Original
	}
	if r.URL.Query().Get("original") == "true" || !strings.HasPrefix(r.URL.Path, "/res/image") {
		variant = media.Original
	}
	o, err := f.Media.OpenToken(r.Context(), token, variant)
	if err != nil {
		httpx.LogInternal(f.Log, r, err)
		http.Error(w, errs.MessageOf(err), errs.Status(err))
		return
	}
	httpx.ServeFile(w, r, o)
}
