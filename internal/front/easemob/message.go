package easemob

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/ext"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/visitor"
	"parlor/internal/window"
)

// object is a JSON object that is written.
type object = map[string]any

// org is the organisation of all visitors on the wire.
const org = "parlor"

// serviceNumber is the name of an inbox on the wire.
const serviceNumber = window.ServiceNumber

// appName is the name of a company's application on the wire.
func appName(number int64) string { return "kefuchannelapp" + strconv.FormatInt(number, 10) }

// stamp is how times are written in histories.
const stamp = "2006-01-02T15:04:05.000-0700"

// nameOf is the name of a message on the wire: conversation and number.
func nameOf(m conversation.Message) string {
	return string(m.Conversation) + "-" + strconv.FormatInt(m.Seq, 10)
}

// readName is the reverse of nameOf.
func readName(s string) (c id.Conversation, seq int64, ok bool) {
	i := strings.LastIndexByte(s, '-')
	if i < 1 {
		return "", 0, false
	}
	seq, err := strconv.ParseInt(s[i+1:], 10, 64)
	return id.Conversation(s[:i]), seq, err == nil && seq > 0 && id.Valid(s[:i])
}

// dispatcher is who speaks for the system.
const dispatcher = "Scheduler"

// party is what messages of a conversation have in common.
type party struct {
	tenant id.Tenant
	number int64
	inbox  id.Inbox
	// name is the visitor's, visitor its id.
	name    string
	visitor id.Visitor
	// account is the name of the inbox.
	account string
	// base is the address of the server, "" for the address of the request.
	base string
}

func (f *Front) partyOf(ctx context.Context, k visitor.Known) (p party, err error) {
	book, err := f.Accounts.Book(ctx, k.Visitor.Tenant)
	return party{tenant: k.Visitor.Tenant, number: book.Tenant.Number, inbox: k.Visitor.Inbox, name: k.Identity.Username, visitor: k.Visitor.ID, account: book.Inboxes[k.Visitor.Inbox].Name, base: strings.TrimSuffix(f.PublicURL, "/")}, err
}

// message writes a message as the gateway does; nil says that visitors are not told it.
func (f *Front) message(p party, m conversation.Message) object {
	visitors := m.From.Kind == actor.Visitor
	weichat := object{"msgId": nameOf(m), "originType": "webim", "service_session": object{"serviceSessionId": m.Conversation}}
	e := object{}
	var bodies []object
	switch {
	case m.Recalled != nil:
		bodies = []object{{"type": "cmd", "action": recallAction}}
		weichat["recall_msg_id"], weichat["recall_flag"] = nameOf(m), 1
	case m.Line != nil && m.Line.Name == conversation.LineRecalled:
		bodies = []object{{"type": "cmd", "action": recallAction}}
		weichat["recall_msg_id"] = nameOf(conversation.Message{Conversation: m.Conversation, Seq: m.Line.Seq})
	case m.Line != nil:
		name, data := eventOf(m)
		switch kinds := f.mediaMessage(p, m); {
		case kinds != nil:
			e["type"], e["msgtype"] = mediaType, kinds
		case name != "":
			weichat["event"] = object{"eventName": name, "eventObj": data}
		case m.Line.Text == "" || m.Line.Name == conversation.LineEdited:
			return nil
		}
		bodies = []object{{"type": "txt", "msg": ""}}
		if name == "" {
			bodies[0]["msg"] = m.Line.Text
		}
		if refusedRinging(m.Line) {
			bodies, e = []object{{"type": "cmd", "action": rejectAction}}, object{}
		}
		if m.Line.Name == conversation.LineQueueEnd && m.Line.Leave {
			weichat["ctrlType"] = ticketsHint
		}
	case greets(m):
		return nil
	default:
		bodies, e = f.bodies(p, m), kept(m)
		roboticPart(m, weichat)
	}
	if old, ok := e["weichat"].(object); ok {
		for k, v := range old {
			if _, taken := weichat[strings.TrimSpace(k)]; !taken {
				weichat[strings.TrimSpace(k)] = v
			}
		}
	}
	if !visitors {
		weichat["agent"], weichat["official_account"] = author(m), accountOf(p.inbox, p.account)
	}
	if m.ClientID != "" && visitors {
		weichat["msg_id_for_ack"] = m.ClientID
	}
	e["weichat"] = weichat
	from, to := serviceNumber+string(p.inbox), p.name
	if visitors {
		from, to = to, from
	}
	return object{"from": from, "to": to, "bodies": bodies, "ext": e, "msgId": nameOf(m), "timestamp": m.At.UnixMilli()}
}

// accountOf is the account in whose name visitors are served: their inbox.
func accountOf(in id.Inbox, name string) object {
	return object{"official_account_id": in, "type": "SYSTEM", "name": name, "img": ""}
}

// kept is the structured part that a message came with.
func kept(m conversation.Message) object {
	e := object{}
	if m.Extra != nil && len(m.Extra.Ext) > 0 && json.Unmarshal(m.Extra.Ext, &e) != nil {
		return object{}
	}
	return e
}

// author is who wrote a message, as visitors see it.
func author(m conversation.Message) object {
	if m.From.Kind == actor.Agent {
		return object{"userId": m.From.ID, "userNickname": m.From.Name, "avatar": "", "userType": userType(m.From.ID)}
	}
	return object{"userNickname": m.From.Name, "avatar": "", "userType": dispatcher}
}

// bodies are the parts of a message that somebody wrote.
func (f *Front) bodies(p party, m conversation.Message) []object {
	if m.File == nil {
		if m.Extra != nil && m.Extra.Card != nil && m.Extra.Card.Kind == ext.Place {
			c := m.Extra.Card
			return []object{{"type": "loc", "addr": c.Name, "lat": c.Lat, "lng": c.Lng}}
		}
		text := m.Text
		if m.Extra != nil && m.Extra.Worded {
			text = ""
		}
		return []object{{"type": "txt", "msg": text}}
	}
	var list []object
	for _, file := range m.Files() {
		list = append(list, f.fileBody(p, m, file))
	}
	if m.Text != "" {
		list = append(list, object{"type": "txt", "msg": m.Text})
	}
	return list
}

func (f *Front) fileBody(p party, m conversation.Message, file conversation.File) object {
	b := object{"type": "file", "url": p.base + f.Media.Address(p.tenant, file.ID, media.Original), "filename": file.Name, "secret": "", "file_length": file.Size}
	switch {
	case strings.HasPrefix(file.Type, "image/"):
		b["type"], b["thumb"] = "img", p.base+f.Media.Address(p.tenant, file.ID, media.Thumb)
		b["size"] = object{"width": file.Width, "height": file.Height}
	case m.Kind == conversation.Voice:
		b["type"], b["length"] = "audio", (file.Duration+999)/1000
	case strings.HasPrefix(file.Type, "video/"):
		b["type"] = "video"
	}
	return b
}

// The control words of messages that are never shown.
const (
	ackAction      = "KF-ACK"
	recallAction   = "KEFU_MESSAGE_RECALL"
	transferAction = "TransferToKf"
	// ticketsHint offers to leave a message, in words of control.
	ticketsHint = "TransferToTickets"
)

// willEnd is the event that tells that a waiting ends soon.
const willEnd = "ServiceSessionWillScheduleTimeoutEvent"

// eventOf is the event that a line tells visitors, "" for none.
func eventOf(m conversation.Message) (name string, data object) {
	l := m.Line
	agent := object{"userId": l.Agent, "agentType": kindOf(l.Agent), "agentUserNiceName": l.AgentName, "avatar": "", "sessionId": m.Conversation}
	switch l.Name {
	case conversation.LineAssigned:
		return "ServiceSessionOpenedEvent", agent
	case conversation.LineQueued, conversation.LineAgentLost:
		return "ServiceSessionTransferedToAgentQueueEvent", object{"sessionId": m.Conversation}
	case conversation.LineTransferred:
		if l.Agent == "" {
			return "ServiceSessionTransferedToAgentQueueEvent", object{"sessionId": m.Conversation}
		}
		return "ServiceSessionTransferedEvent", agent
	case conversation.LineQueueWarn:
		return willEnd, object{"ticketEnable": strconv.FormatBool(l.Leave)}
	case conversation.LineClosed, conversation.LineIdleEnd, conversation.LineTooLong:
		return "ServiceSessionClosedEvent", object{"sessionId": m.Conversation}
	}
	return "", nil
}

// The kinds of agent.
const human = 1

// command is a message that is never shown.
func (p party) command(action string, weichat object) object {
	return object{"from": serviceNumber + string(p.inbox), "to": p.name, "bodies": []object{{"type": "cmd", "action": action}}, "ext": object{"weichat": weichat}}
}

// ack acknowledges a visitor's message.
func (p party) ack(key string, m conversation.Message, c id.Conversation) object {
	w := object{"ack_for_msg_id": key, "service_session": object{"serviceSessionId": c}}
	if m.Seq > 0 {
		w["msgId"] = nameOf(m)
	}
	return p.command(ackAction, w)
}

// created tells that a conversation was started.
func (p party) created(c conversation.Conversation) object {
	return object{"from": serviceNumber + string(p.inbox), "to": p.name, "bodies": []object{{"type": "txt", "msg": ""}},
		"ext": object{"weichat": object{"event": object{"eventName": "ServiceSessionCreatedEvent", "eventObj": object{"sessionId": c.ID}},
			"service_session": object{"serviceSessionId": c.ID}}}, "timestamp": c.CreatedAt.UnixMilli()}
}

// history writes a message as an element of a history.
func (f *Front) history(p party, m conversation.Message) object {
	body := f.message(p, m)
	if body == nil {
		return nil
	}
	kind := dispatcher
	switch m.From.Kind {
	case actor.Agent:
		kind = userType(m.From.ID)
	case actor.Visitor:
		kind = "Visitor"
	}
	return object{"msg_id": nameOf(m), "id": nameOf(m), "created_at": m.At.UTC().Format(stamp), "timestamp": m.At.UnixMilli(), "session_id": m.Conversation,
		"from_user": object{"user_type": kind, "nicename": m.From.Name, "img": ""}, "body": body}
}

// states are the states of conversations on the wire.
func stateOf(c conversation.Conversation) string {
	switch {
	case c.Status == conversation.Queued:
		return "Wait"
	case c.Status == conversation.Open:
		return "Processing"
	case c.Agent != "":
		return "Terminal"
	}
	return "Abort"
}

// session is a conversation on the wire.
func (f *Front) session(c conversation.Conversation, name string) object {
	o := object{"serviceSessionId": c.ID, "session_id": c.ID, "state": stateOf(c), "createDateTime": c.CreatedAt.UnixMilli(), "originType": originOf(c.Channel),
		"imServiceNumber": serviceNumber + string(c.Inbox), "visitorUserId": c.Visitor, "visitorUserName": name, "visitorNickname": c.VisitorName,
		"agentUserId": nullable(string(c.Agent)), "agentUserNiceName": c.AgentName, "agentUserType": kindOf(c.Agent), "queueId": nullable(string(c.Team)), "messageCount": c.LastSeq}
	for key, at := range map[string]*time.Time{"startDateTime": c.AssignedAt, "stopDateTime": c.ClosedAt} {
		o[key] = nil
		if at != nil {
			o[key] = at.UnixMilli()
		}
	}
	return o
}

// nullable is null for "".
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// origins are the channels whose names on the wire are the contract's.
var origins = []string{"app", "weixin", "weibo", "phone", "rest", "email"}

// channelOf is where a message comes from: pages say that they are an app or none, back
// ends name what they carry for. Channels that carry answers themselves are not named.
func channelOf(origin string, trusted bool) string {
	if origin == "app" || trusted && origin != "email" && slices.Contains(origins, origin) {
		return origin
	}
	return "web"
}

func originOf(channel string) string {
	if slices.Contains(origins, channel) {
		return channel
	}
	return "webim"
}
