package uckefu

import (
	"net/http"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// console adds the calls of agent consoles (/agent/…). They change things by GET
// too, as existing consoles do, so a cookie is no credential for them: the token
// comes as header or parameter, which no foreign page can send.
func (f *Front) console(mux *http.ServeMux) {
	actions := map[string]func(http.ResponseWriter, *http.Request, account.Login) error{
		"/agent/end": f.endDialogue, "/agent/readmsg": f.readMessages, "/agent/transfer/save": f.transfer,
		"/agent/image/upload": f.agentUpload, "/agent/message/image/upload": f.saveDrawing,
	}
	for word := range stateWords {
		actions["/agent/"+word] = func(w http.ResponseWriter, r *http.Request, l account.Login) error {
			if _, err := f.setState(r.Context(), l.Actor(), word); err != nil {
				return err
			}
			return ok(w, map[string]string{"status": word})
		}
	}
	for path, fn := range actions {
		for _, suffix := range []string{"", ".html"} {
			mux.HandleFunc("GET "+path+suffix, f.agentAction(fn))
			mux.HandleFunc("POST "+path+suffix, f.agentAction(fn))
		}
	}
	for _, suffix := range []string{"", ".html"} {
		mux.HandleFunc("GET /message/ping"+suffix, f.ping)
	}
}

// agentAction checks the token of a call that changes something.
func (f *Front) agentAction(fn func(http.ResponseWriter, *http.Request, account.Login) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l, err := f.Accounts.Authenticate(r.Context(), f.secretOf(r))
		if err == nil {
			err = f.Calls.Take("a " + string(l.Agent.ID))
		}
		if err == nil {
			err = fn(w, r, l)
		}
		if err != nil {
			f.refuse(w, r, err)
		}
	}
}

// ping keeps an old console alive: the answer holds the word login when it has
// to log in again.
func (f *Front) ping(w http.ResponseWriter, r *http.Request) {
	secret := f.secretOf(r)
	if c, err := r.Cookie(cookieName); secret == "" && err == nil {
		secret = c.Value
	}
	word := "ok"
	if _, err := f.Accounts.Authenticate(r.Context(), secret); err != nil {
		httpx.LogInternal(f.Log, r, err)
		word = "login"
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(word)) // the client has gone if this fails
}

// dialogueOf finds the running dialogue of an AgentUser id, which is the
// visitor's. What an agent may do there is decided by the service.
func (f *Front) dialogueOf(r *http.Request, l account.Login, fields ...string) (conversation.Conversation, error) {
	if service := id.Conversation(r.FormValue("agentserviceid")); id.Valid(string(service)) {
		return f.Conversations.Conversation(r.Context(), l.Actor(), service)
	}
	for _, field := range fields {
		if v := r.FormValue(field); id.Valid(v) {
			c, err := f.Conversations.Active(r.Context(), l.Agent.Tenant, id.Visitor(v))
			if err == nil {
				return f.Conversations.Conversation(r.Context(), l.Actor(), c.ID)
			}
			if errs.CodeOf(err) != errs.NotFound {
				return c, err
			}
		}
	}
	return conversation.Conversation{}, errs.New(errs.NotFound, "conversation_not_found", "There is no such running dialogue.")
}

func (f *Front) endDialogue(w http.ResponseWriter, r *http.Request, l account.Login) error {
	c, err := f.dialogueOf(r, l, "userid", "id")
	if err != nil {
		return err
	}
	if _, err := f.Conversations.Close(r.Context(), l.Actor(), c.ID, conversation.EndByAgent); err != nil {
		return err
	}
	return ok(w, nil)
}

func (f *Front) readMessages(w http.ResponseWriter, r *http.Request, l account.Login) error {
	c, err := f.dialogueOf(r, l, "userid", "id")
	if err != nil {
		return err
	}
	if _, err := f.Conversations.Read(r.Context(), l.Actor(), c.ID, c.LastSeq); err != nil {
		return err
	}
	return ok(w, nil)
}

// transfer hands a dialogue over at once: consoles of the contract cannot accept.
func (f *Front) transfer(w http.ResponseWriter, r *http.Request, l account.Login) error {
	c, err := f.dialogueOf(r, l, "agentuserid", "userid", "id")
	if err != nil {
		return err
	}
	to := routing.Target{Agent: id.Agent(r.FormValue("agentno")), Team: id.Team(r.FormValue("organ")), Note: r.FormValue("memo"), Direct: true}
	if to.Agent != "" {
		to.Team = "" // the dialog of the contract sends the department that it showed too
	}
	moved, err := f.Routing.Transfer(r.Context(), l.Actor(), c.ID, to)
	if err != nil {
		return err
	}
	v, err := f.Visitors.Visitor(r.Context(), l.Agent.Tenant, moved.Visitor)
	if err != nil {
		return err
	}
	return ok(w, newAgentUser(GenA, moved, v.For(l.Actor())))
}

// agentUpload sends a picture or file to the visitor, or with `paste` only stores it.
func (f *Front) agentUpload(w http.ResponseWriter, r *http.Request, l account.Login) error {
	q := r.URL.Query()
	visitor := q.Get("id")
	if !id.Valid(visitor) {
		return errs.Field("id", "bad_id", "The id of the AgentUser is missing.")
	}
	c, err := f.Conversations.Active(r.Context(), l.Agent.Tenant, id.Visitor(visitor))
	if err != nil {
		return err
	}
	part, name, err := filePart(r, "imgFile")
	if err != nil {
		return err
	}
	file, err := f.Media.Save(r.Context(), l.Actor(), name, part)
	if err != nil {
		return err
	}
	kind, path := sentAs(file)
	if !q.Has("paste") {
		in := conversation.PostInput{Conversation: c.ID, Kind: kind, File: file.ID}
		if _, err := f.Conversations.Post(r.Context(), l.Actor(), in); err != nil {
			return err
		}
	}
	f.uploaded(w, r, uploadAnswer{URL: path + f.Media.Token(file.Tenant, file.ID)}, nil)
	return nil
}

// who is the acting agent of a call.
func who(l account.Login) actor.Actor { return l.Actor() }
