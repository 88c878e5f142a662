package easemob

import (
	"context"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"strings"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/ext"
	"parlor/internal/id"
	"parlor/internal/intake"
	"parlor/internal/visitor"
)

// gateway registers the calls that bring messages and fetch them.
func (f *Front) gateway() {
	f.mux.HandleFunc("POST /v1/imgateway/messages", f.answered(f.bring))
	f.mux.HandleFunc("GET /v1/imgateway/messages", f.answered(f.poll))
	f.mux.HandleFunc("POST /v1/Tenant/{tenant}/{org}/{app}/{user}/MediaFiles", func(w http.ResponseWriter, r *http.Request) {
		cross(w)
		t, v, err := f.upload(r)
		f.write(w, r, t, v, err)
	})
}

// answered writes what a call of a visitor returns.
func (f *Front) answered(h func(ctx context.Context, r *http.Request, body []byte) (id.Tenant, any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cross(w)
		body, err := read(w, r)
		var t id.Tenant
		var v any
		if err == nil {
			t, v, err = h(r.Context(), r, body)
		}
		f.write(w, r, t, v, err)
	}
}

// wireMessage is a message that a visitor or a program sends.
type wireMessage struct {
	From       string          `json:"from"`
	To         string          `json:"to"`
	Tenant     json.RawMessage `json:"tenantId"`
	OriginType string          `json:"originType"`
	Bodies     []wireBody      `json:"bodies"`
	Ext        json.RawMessage `json:"ext"`
}

// wireBody is one part of it.
type wireBody struct {
	Type     string  `json:"type"`
	Msg      string  `json:"msg"`
	Action   string  `json:"action"`
	URL      string  `json:"url"`
	Filename string  `json:"filename"`
	Length   float64 `json:"length"`
	Addr     string  `json:"addr"`
	Lat      float64 `json:"lat"`
	Lng      float64 `json:"lng"`
}

// maxBodies bounds the parts of one message.
const maxBodies = 10

// sender is who stands behind a call: a program that speaks for any visitor, or the
// visitor whose token it shows. check looks at the rest of the call before a visitor is
// made, who has no id then.
func (f *Front) sender(r *http.Request, tenant, name, number string, check func(k visitor.Known) error) (k visitor.Known, trusted bool, err error) {
	if token := visitorToken(r); token != "" {
		k, err = f.guest(r, token)
		if err == nil && name != "" && !strings.EqualFold(strings.TrimSpace(name), k.Identity.Username) {
			err = faultToken
		}
		if err == nil {
			err = f.Calls.Take("kefu visitor " + string(k.Visitor.ID))
		}
		if err == nil {
			err = check(k)
		}
		return k, false, err
	}
	c, err := f.program(r, tenant)
	if err != nil {
		return k, false, err
	}
	inbox, err := f.inbox(r.Context(), c.tenant, number)
	if err != nil {
		return k, false, err
	}
	if k, err = f.Intake.Visitor(r.Context(), c.tenant, inbox, name, false); errs.CodeOf(err) == errs.NotFound {
		if err = check(visitor.Known{Visitor: visitor.Visitor{Tenant: c.tenant, Inbox: inbox}}); err == nil {
			k, err = f.Intake.Visitor(r.Context(), c.tenant, inbox, name, true)
		}
	} else if err == nil {
		err = check(k)
	}
	k.Visitor.Tenant = c.tenant // also of a call that is refused
	return k, true, err
}

// visitorToken is the visitor's token that a call shows; tokens of programs have no dots.
func visitorToken(r *http.Request) string {
	for _, v := range []string{bearer(r), r.URL.Query().Get("token")} {
		if strings.Count(v, ".") == 3 {
			return v
		}
	}
	return ""
}

// guest is the visitor that a token was issued for.
func (f *Front) guest(r *http.Request, token string) (k visitor.Known, err error) {
	who, err := f.Visitors.Authenticate(token)
	if err != nil {
		return k, faultToken
	}
	if k.Visitor, err = f.Visitors.Visitor(r.Context(), who.Tenant, who.Visitor); errs.CodeOf(err) == errs.NotFound {
		return k, faultToken
	}
	if err == nil {
		k.Identity, err = f.Visitors.Identity(r.Context(), who.Tenant, who.Visitor)
	}
	return k, err
}

// inbox finds an inbox by its service number; without one it is the company's oldest.
func (f *Front) inbox(ctx context.Context, t id.Tenant, number string) (id.Inbox, error) {
	number = strings.TrimSpace(number)
	all, err := f.Accounts.Inboxes(ctx, t)
	if err != nil {
		return "", err
	}
	var found account.Inbox
	for _, in := range all {
		if number == serviceNumber+string(in.ID) || number == "" && (found.ID == "" || in.CreatedAt.Before(found.CreatedAt)) {
			found = in
		}
	}
	if found.ID == "" {
		return "", faultParam
	}
	return found.ID, nil
}

// bring answers POST /v1/imgateway/messages: the acknowledgement, and what began by it.
func (f *Front) bring(ctx context.Context, r *http.Request, body []byte) (t id.Tenant, v any, err error) {
	var in wireMessage
	if err = decode(body, &in); err != nil {
		return "", nil, err
	}
	tenant := r.URL.Query().Get("tenantId")
	if said := strings.Trim(string(in.Tenant), `" `); tenant == "" {
		tenant = said
	} else if said != "" && said != "null" && said != tenant {
		return "", nil, faultTenant
	}
	if len(in.Bodies) == 0 || len(in.Bodies) > maxBodies {
		return "", nil, faultParam
	}
	k, trusted, err := f.sender(r, tenant, in.From, in.To, func(k visitor.Known) error { return f.fits(ctx, k, in) })
	if err != nil {
		return k.Visitor.Tenant, nil, err
	}
	out, err := f.take(ctx, r, k, trusted, in)
	return k.Visitor.Tenant, out, err
}

// fits looks at all parts of a message before any is taken.
func (f *Front) fits(ctx context.Context, k visitor.Known, in wireMessage) error {
	if err := f.fitsVideo(in.Ext); err != nil {
		return err
	}
	for i, b := range in.Bodies {
		if b.Type == "cmd" && (b.Action == recallAction || b.Action == mediaAction) {
			if _, _, err := recalled(in.Ext); err != nil && b.Action == recallAction {
				return err
			}
			if k.Visitor.ID == "" {
				return faultNothing // who is not there has said nothing
			}
			return nil
		}
		m, err := f.incoming(ctx, k, in, b)
		if err != nil {
			return err
		}
		if i > 0 {
			m.Ext = nil
		}
		if err := f.Intake.Check(ctx, k.Visitor, m); err != nil {
			return err
		}
	}
	return nil
}

// take gives the parts of a message to the intake, one after the other.
func (f *Front) take(ctx context.Context, r *http.Request, k visitor.Known, trusted bool, in wireMessage) (any, error) {
	p, err := f.partyOf(ctx, k)
	if err != nil {
		return nil, err
	}
	var entities []object
	key := ""
	for i, b := range in.Bodies {
		if b.Type == "cmd" && b.Action == recallAction {
			return p.signalled(in.Ext, f.recall(ctx, k, in.Ext))
		}
		if b.Type == "cmd" && b.Action == mediaAction {
			return p.signalled(in.Ext, f.signalMedia(ctx, k, in.Ext))
		}
		m, err := f.incoming(ctx, k, in, b)
		if err != nil {
			return nil, err
		}
		m.Trusted, m.Channel = trusted, channelOf(in.OriginType, trusted)
		if !trusted {
			m.Address = f.Clients.Of(r)
		}
		if i == 0 {
			wishVideo(&m)
		}
		if i > 0 { // the structured part belongs to the first
			if m.Ext = nil; key != "" {
				m.Key = key + "-" + string(rune('0'+i))
			}
		}
		got, err := f.Intake.Receive(ctx, k, m)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			if b.Type == "cmd" && b.Action == transferAction {
				if err := f.toHuman(ctx, k.Visitor.Tenant, got.Visitor.ID, got.Conversation.ID); err != nil {
					return nil, err
				}
			}
			if key = got.Key; invites(in.Ext) {
				if err := f.inviteMedia(ctx, k, got, in.Ext); err != nil {
					return nil, err
				}
			}
		}
		entities = append(entities, p.ack(got.Key, got.Message, got.Conversation.ID))
		if got.Created {
			entities = append(entities, p.created(got.Conversation))
		}
	}
	return list{entities: entities, bare: true}, nil
}

// signalled acknowledges a command that is no message, if it has a name.
func (p party) signalled(raw json.RawMessage, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	e, err := ext.Parse(raw)
	if err != nil || e.Key == "" {
		return nil, err
	}
	return list{entities: []object{p.command(ackAction, object{"ack_for_msg_id": e.Key})}, bare: true}, nil
}

// incoming reads a part of a message.
func (f *Front) incoming(ctx context.Context, k visitor.Known, in wireMessage, b wireBody) (m intake.Incoming, err error) {
	m = intake.Incoming{Ext: in.Ext}
	if string(m.Ext) == "null" {
		m.Ext = nil
	}
	switch b.Type {
	case "txt":
		m.Text = b.Msg
	case "cmd":
		// Never shown: what it says stands in the structured part.
		if len(m.Ext) == 0 {
			m.Ext = json.RawMessage("{}")
		}
	case "loc":
		m.Ext, err = placed(m.Ext, b)
	case "img", "audio", "video", "file":
		m.File = fileIn(b.URL)
		m.Kind = conversation.FileK
		switch b.Type {
		case "img":
			m.Kind = conversation.Image
		case "audio":
			m.Kind, m.Duration = conversation.Voice, int(min(max(b.Length, 0), 3600)*1000)
		}
		if _, ferr := f.Media.Own(ctx, k.Visitor.Actor(), m.File); errs.CodeOf(ferr) == errs.NotFound || m.File == "" {
			// A file of another server: the agent gets its address.
			m.Kind, m.File, m.Text = conversation.Text, "", strings.TrimSpace(b.Filename+"\n"+webAddress(b.URL))
			if webAddress(b.URL) == "" {
				err = faultParam
			}
		} else if ferr != nil {
			err = ferr
		}
	default:
		err = faultParam
	}
	return m, err
}

// webAddress is an address of the web, "" for any other.
func webAddress(s string) string {
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") || len(s) > 2000 {
		return ""
	}
	return s
}

// fileIn is the file that an address of ours leads to, "" for others.
func fileIn(address string) id.File {
	_, rest, ok := strings.Cut(address, "/files/")
	name, _, found := strings.Cut(rest, "/")
	if !ok || !found || !id.Valid(name) {
		return ""
	}
	return id.File(name)
}

// placed adds a place to the structured part, of which it is a card.
func placed(raw json.RawMessage, b wireBody) ([]byte, error) {
	all := map[string]json.RawMessage{}
	if len(raw) > 0 && json.Unmarshal(raw, &all) != nil {
		return nil, faultParam
	}
	kinds := map[string]json.RawMessage{}
	if len(all["msgtype"]) > 0 && json.Unmarshal(all["msgtype"], &kinds) != nil {
		kinds = map[string]json.RawMessage{}
	}
	loc, err := json.Marshal(object{"addr": b.Addr, "lat": b.Lat, "lng": b.Lng})
	if err != nil {
		return nil, err
	}
	kinds["loc"] = loc
	if all["msgtype"], err = json.Marshal(kinds); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// recalled reads which message a command takes back.
func recalled(raw json.RawMessage) (c id.Conversation, seq int64, err error) {
	var e struct {
		Weichat struct {
			ID string `json:"recall_msg_id"`
		} `json:"weichat"`
	}
	if err := decode(raw, &e); err != nil {
		return "", 0, err
	}
	c, seq, ok := readName(e.Weichat.ID)
	if !ok {
		return "", 0, faultParam
	}
	return c, seq, nil
}

// recall takes a message of the visitor's back.
func (f *Front) recall(ctx context.Context, k visitor.Known, raw json.RawMessage) error {
	c, seq, err := recalled(raw)
	if err == nil {
		_, err = f.Conversations.Recall(ctx, k.Visitor.Actor(), c, seq)
	}
	return err
}

// upload takes a file of a visitor.
func (f *Front) upload(r *http.Request) (t id.Tenant, v any, err error) {
	var file multipart.File
	var head *multipart.FileHeader
	k, _, err := f.sender(r, r.PathValue("tenant"), r.PathValue("user"), r.URL.Query().Get("imServiceNumber"), func(visitor.Known) (err error) {
		if file, head, err = r.FormFile("file"); err != nil {
			return faultParam
		}
		return nil
	})
	if file == nil {
		return k.Visitor.Tenant, nil, err
	}
	defer func() { _ = file.Close(); _ = r.MultipartForm.RemoveAll() }() // it was read or refused
	if err != nil {
		return k.Visitor.Tenant, nil, err
	}
	got, err := f.Media.Save(r.Context(), k.Visitor.Actor(), head.Filename, file)
	if err != nil {
		return k.Visitor.Tenant, nil, err
	}
	return k.Visitor.Tenant, plain{object{"fileName": got.Name, "url": f.Media.Address(got.Tenant, got.ID, "original"), "type": got.Type, "fileSize": got.Size}}, nil
}
