package rocketchat

import (
	"context"
	"net/http"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// seeRooms is what lets somebody into a room.
var seeRooms = []string{"view-l-room", "view-livechat-rooms"}

// chat adds the calls by which agents and bots write and read.
func (f *Front) chat() {
	f.add(
		route{method: http.MethodPost, path: "chat.sendMessage", do: f.chatSend, auth: true, needs: seeRooms},
		route{method: http.MethodPost, path: "chat.postMessage", do: f.chatPost, auth: true, needs: seeRooms},
		route{method: http.MethodPost, path: "chat.update", do: f.chatUpdate, auth: true, needs: seeRooms},
		route{method: http.MethodPost, path: "chat.delete", do: f.chatDelete, auth: true, needs: seeRooms},
		route{method: http.MethodGet, path: "chat.getMessage", do: f.chatGet, auth: true, needs: seeRooms},
		route{method: http.MethodGet, path: "chat.syncMessages", do: f.chatSync, auth: true, needs: seeRooms},
		route{method: http.MethodGet, path: "rooms.info", do: f.roomInfo, auth: true, needs: seeRooms},
		route{method: http.MethodGet, path: "channels.info", do: f.channelInfo, auth: true, needs: seeRooms},
		route{method: http.MethodGet, path: "rooms.get", do: f.roomsGet, auth: true, needs: seeRooms},
		route{method: http.MethodGet, path: "subscriptions.get", do: f.subscriptionsGet, auth: true, needs: seeRooms},
		route{method: http.MethodGet, path: "subscriptions.getOne", do: f.subscriptionOne, auth: true, needs: seeRooms},
		route{method: http.MethodPost, path: "subscriptions.read", do: f.subscriptionRead, auth: true, needs: seeRooms},
		route{method: http.MethodPost, path: "rooms.upload/:rid", do: f.agentUpload, auth: true, needs: seeRooms},
		route{method: http.MethodPost, path: "rooms.media/:rid", do: f.roomMedia, auth: true, needs: seeRooms},
		route{method: http.MethodPost, path: "rooms.mediaConfirm/:rid/:fileId", do: f.mediaConfirm, auth: true, needs: seeRooms},
		route{method: http.MethodGet, path: "info", do: f.info},
	)
	f.methods.add(
		method{name: "sendMessage", auth: true, needs: seeRooms, do: f.sendMethod},
		method{name: "updateMessage", auth: true, needs: seeRooms, do: f.updateMethod},
		method{name: "deleteMessage", auth: true, needs: seeRooms, do: f.deleteMethod},
		method{name: "readMessages", auth: true, needs: seeRooms, do: f.readMethod},
	)
}

// Version is the version that clients are told.
const Version = "6.14.0"

func (f *Front) info(context.Context, *call) (any, error) {
	return object{"version": Version, "info": object{"version": Version}}, nil
}

// visitorIn returns the visitor of a conversation.
func (f *Front) visitorIn(ctx context.Context, conv conversation.Conversation) (visitor.Known, error) {
	v, err := f.Visitors.Visitor(ctx, conv.Tenant, conv.Visitor)
	if err != nil {
		return visitor.Known{}, err
	}
	k := knownWith(v)
	k.Identity, err = f.Visitors.Identity(ctx, conv.Tenant, conv.Visitor)
	return k, err
}

// roomOfCaller finds a room that the caller may see.
func (f *Front) roomOfCaller(ctx context.Context, c *call, rid string) (k visitor.Known, conv conversation.Conversation, err error) {
	conv, err = f.Conversations.Conversation(ctx, c.who, id.Conversation(rid))
	if errs.CodeOf(err) == errs.NotFound {
		return k, conv, structured("error-room-not-found", "The required \"roomId\" or \"roomName\" param provided does not match any channel")
	}
	if err == nil {
		k, err = f.visitorIn(ctx, conv)
	}
	return k, conv, err
}

// draftMessage is a message as agents and bots send it.
type draftMessage struct {
	ID  string `json:"_id"`
	Rid string `json:"rid"`
	Msg string `json:"msg"`
}

var draftShape = dict(maybe("_id", text), must("rid", text), maybe("msg", text)).open()

// post writes into a room in the name of the caller.
func (f *Front) post(ctx context.Context, c *call, in draftMessage) (messageView, error) {
	k, conv, err := f.roomOfCaller(ctx, c, in.Rid)
	if err != nil {
		return messageView{}, err
	}
	m, err := f.Conversations.Post(ctx, c.who, conversation.PostInput{Conversation: conv.ID, Kind: conversation.Text, Text: in.Msg, ClientID: in.ID, Blank: true})
	if errs.ReasonOf(err) == "not_your_conversation" {
		return messageView{}, structured("error-not-allowed", "Not allowed")
	}
	if err != nil {
		return messageView{}, err
	}
	a, err := f.authors(ctx, k)
	if err != nil {
		return messageView{}, err
	}
	v, _ := a.message(m.Message)
	return v, nil
}

func (f *Front) chatSend(ctx context.Context, c *call) (any, error) {
	var in struct{ Message draftMessage }
	if err := c.read(dict(must("message", draftShape)).open(), &in); err != nil {
		return nil, err
	}
	v, err := f.post(ctx, c, in.Message)
	return object{"message": v}, err
}

// chatPost answers chat.postMessage, which names the room in several ways.
func (f *Front) chatPost(ctx context.Context, c *call) (any, error) {
	var in struct{ RoomID, Channel, Text string }
	if err := c.read(dict(maybe("roomId", text), maybe("channel", text), maybe("text", text)).open(), &in); err != nil {
		return nil, err
	}
	if in.RoomID == "" {
		in.RoomID = in.Channel
	}
	if in.RoomID == "" {
		return nil, invalidParams("must have required property 'roomId'")
	}
	v, err := f.post(ctx, c, draftMessage{Rid: in.RoomID, Msg: in.Text})
	return object{"ts": f.Clock.Now().UnixMilli(), "channel": in.RoomID, "message": v}, err
}

// foundMessage finds a message in a room of the caller, or ("") in any.
func (f *Front) foundMessage(ctx context.Context, c *call, rid, message string) (k visitor.Known, m conversation.Message, err error) {
	if m, err = f.messageOf(ctx, c.who, id.Conversation(rid), message); err != nil {
		return k, m, err
	}
	conv, err := f.Conversations.Conversation(ctx, c.who, m.Conversation)
	if err == nil {
		k, err = f.visitorIn(ctx, conv)
	}
	return k, m, err
}

func (f *Front) chatUpdate(ctx context.Context, c *call) (any, error) {
	var in struct{ RoomID, MsgID, Text string }
	if err := c.read(dict(must("roomId", text), must("msgId", text), must("text", text)).open(), &in); err != nil {
		return nil, err
	}
	k, m, err := f.foundMessage(ctx, c, in.RoomID, in.MsgID)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, plain(`No message found with the id of "` + in.MsgID + `".`)
	}
	if err != nil {
		return nil, err
	}
	if m, err = f.Conversations.Edit(ctx, c.who, m.Conversation, m.Seq, in.Text); err != nil {
		return nil, err
	}
	return f.messageAnswer(ctx, k, m)
}

func (f *Front) chatDelete(ctx context.Context, c *call) (any, error) {
	var in struct{ RoomID, MsgID string }
	if err := c.read(dict(must("roomId", text), must("msgId", text)).open(), &in); err != nil {
		return nil, err
	}
	_, m, err := f.foundMessage(ctx, c, in.RoomID, in.MsgID)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, plain(`No message found with the id of "` + in.MsgID + `".`)
	}
	if err != nil {
		return nil, err
	}
	if _, err := f.Conversations.Recall(ctx, c.who, m.Conversation, m.Seq); err != nil {
		return nil, err
	}
	return object{"_id": in.MsgID, "ts": f.Clock.Now().UnixMilli(), "message": object{"_id": in.MsgID, "rid": m.Conversation}}, nil
}

func (f *Front) chatGet(ctx context.Context, c *call) (any, error) {
	var in struct{ MsgID string }
	if err := c.readQuery(dict(must("msgId", text)).open(), &in); err != nil {
		return nil, err
	}
	rid, _, _ := lastCut(in.MsgID, "-")
	if seqOf(id.Conversation(rid), in.MsgID) == 0 {
		rid = ""
	}
	k, m, err := f.foundMessage(ctx, c, rid, in.MsgID)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, bare
	}
	if err != nil {
		return nil, err
	}
	return f.messageAnswer(ctx, k, m)
}

// chatSync answers chat.syncMessages: what is new or was changed since a time,
// among the newest messages of a room.
func (f *Front) chatSync(ctx context.Context, c *call) (any, error) {
	var in struct{ RoomID, LastUpdate string }
	if err := c.readQuery(dict(must("roomId", text), must("lastUpdate", text)).open(), &in); err != nil {
		return nil, err
	}
	since, ok := date(in.LastUpdate)
	if !ok {
		return nil, structured("error-lastUpdate-param-invalid", "The \"lastUpdate\" query parameter must be a valid date.")
	}
	k, conv, err := f.roomOfCaller(ctx, c, in.RoomID)
	if err != nil {
		return nil, err
	}
	list, err := f.Conversations.Messages(ctx, c.who, conv.ID, conversation.Range{Limit: historyMost})
	if err != nil {
		return nil, err
	}
	a, err := f.authors(ctx, k)
	if err != nil {
		return nil, err
	}
	updated, deleted := []messageView{}, []object{}
	for _, m := range list {
		v, shown := a.message(m)
		switch {
		case m.Recalled != nil && m.Recalled.At.After(since):
			deleted = append(deleted, object{"_id": messageID(m), "_deletedAt": stamp(m.Recalled.At)})
		case shown && (m.At.After(since) || m.Edited != nil && m.Edited.At.After(since)):
			updated = append(updated, v)
		}
	}
	return object{"result": object{"updated": updated, "deleted": deleted}}, nil
}

func (f *Front) roomInfo(ctx context.Context, c *call) (any, error) {
	return f.namedRoom(ctx, c, "room")
}

func (f *Front) channelInfo(ctx context.Context, c *call) (any, error) {
	return f.namedRoom(ctx, c, "channel")
}

// namedRoom answers with the room that the query names.
func (f *Front) namedRoom(ctx context.Context, c *call, key string) (any, error) {
	if c.arg("roomId") == "" {
		return nil, structured("error-roomid-param-not-provided", "The parameter \"roomId\" or \"roomName\" is required")
	}
	k, conv, err := f.roomOfCaller(ctx, c, c.arg("roomId"))
	if err != nil {
		return nil, err
	}
	r, err := f.roomOf(ctx, conv, k)
	return object{key: r}, err
}

// sendMethod is the method sendMessage.
func (f *Front) sendMethod(ctx context.Context, c *call, p params) (any, error) {
	var in draftMessage
	if err := draftShape.matched().decode(p.at(0), &in); err != nil {
		return nil, err
	}
	return f.post(ctx, c, in)
}

func (f *Front) updateMethod(ctx context.Context, c *call, p params) (any, error) {
	var in draftMessage
	if err := draftShape.matched().decode(p.at(0), &in); err != nil {
		return nil, err
	}
	_, m, err := f.foundMessage(ctx, c, in.Rid, in.ID)
	if err == nil {
		_, err = f.Conversations.Edit(ctx, c.who, m.Conversation, m.Seq, in.Msg)
	}
	return nil, err
}

func (f *Front) deleteMethod(ctx context.Context, c *call, p params) (any, error) {
	var in draftMessage
	if err := dict(must("_id", text)).open().matched().decode(p.at(0), &in); err != nil {
		return nil, err
	}
	_, m, err := f.foundMessage(ctx, c, in.Rid, in.ID)
	if err == nil {
		_, err = f.Conversations.Recall(ctx, c.who, m.Conversation, m.Seq)
	}
	return nil, err
}

func (f *Front) readMethod(ctx context.Context, c *call, p params) (any, error) {
	rid, err := p.text(0)
	if err != nil {
		return nil, err
	}
	return nil, f.read(ctx, c, rid)
}

// read moves the caller's read mark to the end of a room.
func (f *Front) read(ctx context.Context, c *call, rid string) error {
	_, conv, err := f.roomOfCaller(ctx, c, rid)
	if err == nil {
		_, err = f.Conversations.Read(ctx, c.who, conv.ID, conv.LastSeq)
	}
	return err
}
