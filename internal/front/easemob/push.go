package easemob

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"parlor/internal/account"
	"parlor/internal/binding"
	"parlor/internal/conversation"
	"parlor/internal/hook"
	"parlor/internal/leave"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// Format writes webhooks as custom events of the contract.
type Format struct{ f *Front }

// Format returns the form of webhooks named "easemob".
func (f *Front) Format() Format { return Format{f} }

// Header implements hook.Format.
func (Format) Header() string { return "" }

// Sign implements hook.Signer: the headers by which a receiver knows a body.
func (Format) Sign(h hook.Hook, delivery string, at time.Time, body []byte) http.Header {
	out := http.Header{}
	stamp := strconv.FormatInt(at.UnixMilli(), 10)
	out.Set("X-Kefu-Event-Id", delivery)
	out.Set("X-Kefu-Timestamp", stamp)
	if h.Key != "" {
		m := hmac.New(sha256.New, []byte(h.Key))
		m.Write([]byte(stamp + "."))
		m.Write(body)
		out.Set("X-Kefu-Signature", "v1="+hex.EncodeToString(m.Sum(nil)))
	}
	return out
}

// occasions are the names of events.
var occasions = map[hook.Occasion]string{
	hook.Started:     "ServiceSessionCreatedEvent",
	hook.Assigned:    "ServiceSessionOpenedEvent",
	hook.Queued:      "ServiceSessionTransferedToAgentQueueEvent",
	hook.Forwarded:   "ServiceSessionTransferedEvent",
	hook.Closed:      "ServiceSessionClosedEvent",
	hook.FromVisitor: "VisitorMessageEvent",
	hook.FromAgent:   "AgentMessageEvent",
	hook.LeftMessage: "TicketEvent",
	hook.Rated:       "EnquiryEvent",
	// A binding that is made or ends is one event with an action.
	hook.BindingCreated: "BusinessBindEvent",
	hook.BindingDeleted: "BusinessBindEvent",
	hook.AgentState:     "AgentStateChangedEvent",
	hook.Overflowed:     "QueueOverflowEvent",
	hook.QueueWarned:    willEnd,
	hook.CallChanged:    "CallEvent",
	hook.Sample:         "TestEvent",
}

// Body implements hook.Format.
func (w Format) Body(ctx context.Context, h hook.Happening) ([]byte, error) {
	name, ok := occasions[h.Occasion]
	if !ok {
		return nil, nil
	}
	book, err := w.f.Accounts.Book(ctx, h.Hook.Tenant)
	if err != nil {
		return nil, err
	}
	out := object{"eventId": h.Delivery, "eventName": name, "tenantId": book.Tenant.Number, "timestamp": h.At.UnixMilli()}
	switch {
	case h.Conversation.ID != "":
		out["data"], err = w.session(ctx, h)
	case h.Occasion == hook.BindingCreated, h.Occasion == hook.BindingDeleted:
		out["data"], err = w.bind(ctx, h)
	case h.Occasion == hook.Rated:
		out["data"], err = rated(book, h)
	case h.Occasion == hook.LeftMessage:
		out["data"], err = w.ticket(ctx, h)
	case h.Occasion == hook.Overflowed:
		out["data"], err = overflow(book, h)
	case h.Occasion == hook.AgentState, h.Occasion == hook.CallChanged:
		out["data"], err = w.doing(ctx, h)
	case h.Data != "":
		out["data"] = json.RawMessage(h.Data)
	default:
		out["data"] = object{}
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// doing is what an event tells of an agent's state or call.
func (w Format) doing(ctx context.Context, h hook.Happening) (object, error) {
	logins, err := w.f.logins(ctx, h.Hook.Tenant)
	if err != nil {
		return nil, err
	}
	if h.Occasion == hook.AgentState {
		return chosenState(h, logins)
	}
	return callMoved(h, logins)
}

// bind is what an event tells of a binding.
func (w Format) bind(ctx context.Context, h hook.Happening) (object, error) {
	var b binding.Binding
	if err := json.Unmarshal([]byte(h.Data), &b); err != nil {
		return nil, err
	}
	logins, err := w.f.logins(ctx, h.Hook.Tenant)
	action := "bind"
	if h.Occasion == hook.BindingDeleted {
		action = "unbind"
	}
	return object{"action": action, "businessFlag": b.Flag, "visitUserName": b.Visitor, "agentUserName": logins[b.Agent], "how": b.How}, err
}

// rated is what an event tells of a rating.
func rated(book *account.Book, h hook.Happening) (object, error) {
	var v survey.Survey
	if err := json.Unmarshal([]byte(h.Data), &v); err != nil {
		return nil, err
	}
	return object{"serviceSessionId": v.Conversation, "visitorUserId": v.Visitor, "agentUserId": nullable(string(v.Agent)), "agentUserNiceName": v.AgentName, "queueId": nullable(string(v.Team)),
		"evaluationDegreeId": v.Level, "score": points(book.Inboxes[v.Inbox].Settings.Survey.LevelList(), v.Level), "appraiseTags": v.Reasons, "detail": v.Comment}, nil
}

// ticket is what an event tells of a message that was left.
func (w Format) ticket(ctx context.Context, h hook.Happening) (object, error) {
	var m leave.Message
	if err := json.Unmarshal([]byte(h.Data), &m); err != nil {
		return nil, err
	}
	p, err := w.f.peopleOf(ctx, h.Hook.Tenant, []leave.Message{m})
	return ticketOf(m, p), err
}

// session is what an event tells of a conversation, and of its message.
func (w Format) session(ctx context.Context, h hook.Happening) (object, error) {
	c := h.Conversation
	k := visitor.Known{}
	var err error
	if k.Visitor, err = w.f.Visitors.Visitor(ctx, c.Tenant, c.Visitor); err != nil {
		return nil, err
	}
	if k.Identity, err = w.f.Visitors.Identity(ctx, c.Tenant, c.Visitor); err != nil {
		return nil, err
	}
	p, err := w.f.partyOf(ctx, k)
	if err != nil {
		return nil, err
	}
	o := object{"session": w.f.session(c, k.Identity.Username), "visitor": guestOf(k)}
	if m := h.Message; m.Seq > 0 && m.Kind != conversation.Note {
		if body := w.f.history(p, m); body != nil {
			o["message"] = body
		}
	}
	return o, nil
}
