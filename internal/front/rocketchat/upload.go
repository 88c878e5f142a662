package rocketchat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
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

// uploads adds the calls about files.
func (f *Front) uploads(mux *http.ServeMux) {
	f.add(route{method: http.MethodPost, path: "livechat/upload/:rid", do: f.uploadByVisitor})
	mux.HandleFunc("GET /file-upload/{id}/{name}", f.download)
}

// maxField is the longest text beside a file, in bytes.
const maxField = 64 << 10

// uploaded is what a form with a file brought.
type uploaded struct {
	file   media.File
	there  bool
	fields map[string]string
}

// takeFile reads a form; its file is stored in the name of who.
func (f *Front) takeFile(ctx context.Context, c *call, who actor.Actor) (u uploaded, err error) {
	u.fields = map[string]string{}
	form, err := c.r.MultipartReader()
	if err != nil {
		return u, invalidParams("must be multipart")
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return u, invalidParams("must be multipart")
		}
		if err := f.takePart(ctx, part, who, &u); err != nil {
			return u, err
		}
	}
	if !u.there {
		return u, invalidParams("must have required property 'file'")
	}
	return u, nil
}

func (f *Front) takePart(ctx context.Context, part *multipart.Part, who actor.Actor, u *uploaded) (err error) {
	if part.FileName() == "" {
		text, err := io.ReadAll(io.LimitReader(part, maxField))
		if err != nil {
			return invalidParams("must be multipart")
		}
		u.fields[part.FormName()] = string(text)
		return nil
	}
	if part.FormName() != "file" || u.there {
		return plain("invalid-field")
	}
	u.there = true
	u.file, err = f.Media.Save(ctx, who, part.FileName(), part)
	return err
}

// refuseFile says why a file was not taken, in the form that this call has.
func (f *Front) refuseFile(err error) error {
	body := object{"success": false}
	switch errs.ReasonOf(err) {
	case "file_too_large":
		body["reason"], body["sizeAllowed"] = "error-size-not-allowed", fmt.Sprintf("%d MB", f.Media.MaxSize()>>20)
	case "type_not_allowed", "broken_image", "image_too_large", "empty_file":
		body["reason"] = "error-type-not-allowed"
	default:
		return err
	}
	return &fault{status: http.StatusBadRequest, body: body}
}

// kindOf is the kind of message that carries a file.
func kindOf(file media.File) conversation.Kind {
	if strings.HasPrefix(file.Type, "image/") {
		return conversation.Image
	}
	return conversation.FileK
}

// sent is the answer to an upload: the message itself.
type sent struct {
	messageView
	NewRoom        bool `json:"newRoom"`
	ShowConnecting bool `json:"showConnecting"`
}

// uploadByVisitor answers livechat/upload/:rid. Whoever has no open room of that
// name is not told more.
func (f *Front) uploadByVisitor(ctx context.Context, c *call) (any, error) {
	k, conv, err := f.roomOfVisitor(ctx, c.tenant, c.r.Header.Get("x-visitor-token"), c.params["rid"])
	if errs.CodeOf(err) == errs.NotFound || err == nil && conv.Status == conversation.Closed {
		return nil, refused()
	}
	if err != nil {
		return nil, err
	}
	company, err := f.company(ctx, c)
	if err != nil {
		return nil, err
	}
	if !company.On("Livechat_fileupload_enabled") || !company.On("FileUpload_Enabled") {
		return nil, &fault{status: http.StatusBadRequest, body: object{"success": false, "reason": "error-file-upload-disabled"}}
	}
	who := visitorActor(k.Visitor)
	u, err := f.takeFile(ctx, c, who)
	if err != nil {
		return nil, f.refuseFile(err)
	}
	m, err := f.Conversations.Post(ctx, who, conversation.PostInput{Conversation: conv.ID, Kind: kindOf(u.file), File: u.file.ID, Text: u.fields["msg"]})
	if err != nil {
		return nil, err
	}
	a, err := f.authors(ctx, k)
	if err != nil {
		return nil, err
	}
	v, _ := a.message(m.Message)
	if d := u.fields["description"]; d != "" {
		v.Attachments[0]["description"] = d
	}
	return sent{messageView: v}, nil
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
		send(w, http.StatusForbidden, object{"success": false, "error": "unauthorized"})
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
		return "", refused()
	}
	if p.uid != "" && p.rid == "" {
		l, err := f.Accounts.Authenticate(ctx, p.login)
		if err != nil || string(l.Agent.ID) != p.uid {
			return "", errors.Join(refused(), err)
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
	return in.Tenant, f.hasFile(ctx, visitorActor(k.Visitor), conv.ID, file)
}

// hasFile looks for a file in the newest messages of a room.
func (f *Front) hasFile(ctx context.Context, who actor.Actor, rid id.Conversation, file id.File) error {
	r := conversation.Range{Limit: historyMost}
	for read := 0; read < historyDepth; read += historyMost {
		list, err := f.Conversations.Messages(ctx, who, rid, r)
		if err != nil {
			return err
		}
		for _, m := range list {
			if m.File != nil && m.File.ID == file {
				return nil
			}
		}
		if len(list) < r.Limit {
			break
		}
		r.Before = list[0].Seq
	}
	return refused()
}
