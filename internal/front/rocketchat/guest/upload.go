package guest

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/media"
)

// uploads adds the calls about files.
func (f *Front) uploads(mux *http.ServeMux) {
	f.Add(contract.Route{Method: http.MethodPost, Path: "livechat/upload/:rid", Do: f.uploadByVisitor})
	mux.HandleFunc("GET /file-upload/{id}/{name}", f.download)
}

// sent is the answer to an upload: the message itself.
type sent struct {
	contract.MessageView
	NewRoom        bool `json:"newRoom"`
	ShowConnecting bool `json:"showConnecting"`
}

// uploadByVisitor answers livechat/upload/:rid. Whoever has no open room of that
// name is not told more.
func (f *Front) uploadByVisitor(ctx context.Context, c *contract.Call) (any, error) {
	k, conv, err := f.roomOfVisitor(ctx, c.Tenant, c.R.Header.Get("x-visitor-token"), c.Params["rid"])
	if errs.CodeOf(err) == errs.NotFound || err == nil && conv.Status == conversation.Closed {
		return nil, contract.Refused()
	}
	if err != nil {
		return nil, err
	}
	company, err := f.Company(ctx, c)
	if err != nil {
		return nil, err
	}
	if !company.On("Livechat_fileupload_enabled") || !company.On("FileUpload_Enabled") {
		return nil, &contract.Fault{Status: http.StatusBadRequest, Body: contract.Object{"success": false, "reason": "error-file-upload-disabled"}}
	}
	who := k.Visitor.Actor()
	u, err := f.TakeFile(ctx, c, who)
	if err != nil {
		return nil, f.RefuseFile(err)
	}
	m, err := f.Conversations.Post(ctx, who, conversation.PostInput{Conversation: conv.ID, Kind: contract.KindOf(u.File), File: u.File.ID, Text: u.Fields["msg"]})
	if err != nil {
		return nil, err
	}
	a, err := f.Authors(ctx, k)
	if err != nil {
		return nil, err
	}
	v, _ := a.Message(m.Message)
	if d := u.Fields["description"]; d != "" {
		v.Attachments[0]["description"] = d
	}
	return sent{MessageView: v}, nil
}

// pass is what a download may be allowed by.
type pass struct{ uid, login, rid, token string }

// passOf reads cookies and, for visitors, the query.
func passOf(r *http.Request) pass {
	read := func(name string) string {
		if v := r.URL.Query().Get(name); v != "" && name != "rc_uid" {
			return v
		}
		if ck, err := r.Cookie(name); err == nil {
			return ck.Value
		}
		return ""
	}
	p := pass{uid: read("rc_uid"), login: read("rc_token")}
	if read("rc_room_type") == "l" {
		p.rid, p.token = read("rc_rid"), p.login
	}
	return p
}

// download answers /file-upload/:id/:name.
func (f *Front) download(w http.ResponseWriter, r *http.Request) {
	file := id.File(r.PathValue("id"))
	t, err := f.mayDownload(r.Context(), passOf(r), file)
	if err != nil {
		httpx.LogInternal(f.Log, r, err)
		contract.Send(w, http.StatusForbidden, contract.Object{"success": false, "error": "unauthorized"})
		return
	}
	opened, err := f.Media.OpenToken(r.Context(), f.Media.Token(t, file), media.Original)
	if err != nil {
		httpx.LogInternal(f.Log, r, err)
		http.NotFound(w, r)
		return
	}
	httpx.ServeFile(w, r, opened)
}

// mayDownload returns the tenant in which somebody may have a file: an agent any
// of the company's, a visitor those in the room that is its own.
func (f *Front) mayDownload(ctx context.Context, p pass, file id.File) (id.Tenant, error) {
	if !id.Valid(string(file)) {
		return "", contract.Refused()
	}
	if p.uid != "" && p.rid == "" {
		l, err := f.Accounts.Authenticate(ctx, p.login)
		if err != nil || string(l.Agent.ID) != p.uid {
			return "", errors.Join(contract.Refused(), err)
		}
		_, err = f.Media.Find(ctx, l.Agent.Tenant, file)
		return l.Agent.Tenant, err
	}
	in, err := f.Accounts.Inbox(ctx, account.MainInbox)
	if err != nil {
		return "", err
	}
	k, conv, err := f.roomOfVisitor(ctx, in.Tenant, p.token, p.rid)
	if err != nil {
		return "", err
	}
	return in.Tenant, f.hasFile(ctx, k.Visitor.Actor(), conv.ID, file)
}

// hasFile looks for a file in the newest messages of a room.
func (f *Front) hasFile(ctx context.Context, who actor.Actor, rid id.Conversation, file id.File) error {
	r := conversation.Range{Limit: contract.HistoryMost}
	for read := 0; read < contract.HistoryDepth; read += contract.HistoryMost {
		list, err := f.Conversations.Messages(ctx, who, rid, r)
		if err != nil {
			return err
		}
		for _, m := range list {
			if slices.ContainsFunc(m.Files(), func(x conversation.File) bool { return x.ID == file }) {
				return nil
			}
		}
		if len(list) < r.Limit {
			break
		}
		r.Before = list[0].Seq
	}
	return contract.Refused()
}
