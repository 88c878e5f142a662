package easemob

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strconv"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/hook"
	"parlor/internal/visitor"
)

// Callback writes webhooks as the contract's message layer calls bridges back: each
// message that a visitor or an agent writes, and nothing else.
type Callback struct{ f *Front }

// Callback returns the form of webhooks named "easemob-im".
func (f *Front) Callback() Callback { return Callback{f} }

// Header implements hook.Format: the proof of the secret is in the body.
func (Callback) Header() string { return "" }

// Body implements hook.Format.
func (w Callback) Body(ctx context.Context, h hook.Happening) ([]byte, error) {
	m := h.Message
	switch h.Occasion {
	case hook.FromVisitor, hook.FromAgent:
		if m.Kind == conversation.Note {
			return nil, nil
		}
	case hook.Sample:
		m.ID, m.Text = "00000000-0000-0000-0000-000000000000", "test"
		m.From.Kind = actor.Visitor
	default:
		return nil, nil
	}
	k := visitor.Known{Visitor: visitor.Visitor{Tenant: h.Hook.Tenant}}
	var err error
	if c := h.Conversation; c.ID != "" {
		if k.Visitor, err = w.f.Visitors.Visitor(ctx, c.Tenant, c.Visitor); err != nil {
			return nil, err
		}
		if k.Identity, err = w.f.Visitors.Identity(ctx, c.Tenant, c.Visitor); err != nil {
			return nil, err
		}
	}
	p, err := w.f.partyOf(ctx, k)
	if err != nil {
		return nil, err
	}
	said := w.f.message(p, m)
	if said == nil {
		return nil, nil
	}
	host := ""
	if u, err := url.Parse(p.base); err == nil {
		host = u.Host
	}
	key := org + "#" + appName(p.number)
	id, at := key+"_"+string(m.ID), h.At.UnixMilli()
	return json.Marshal(object{"callId": id, "eventType": "chat", "timestamp": at, "chat_type": "chat", "from": said["from"], "to": said["to"], "msg_id": said["msgId"],
		"payload": object{"bodies": said["bodies"], "ext": said["ext"]}, "securityVersion": "1.0.0", "security": proof(id, h.Hook.Key, at), "appkey": key, "host": host})
}

// proof shows that the sender knows the secret, as the contract has it. It does not
// protect the body: "easemob" signs that.
func proof(call, secret string, at int64) string {
	sum := md5.Sum([]byte(call + secret + strconv.FormatInt(at, 10)))
	return hex.EncodeToString(sum[:])
}
