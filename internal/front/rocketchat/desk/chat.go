package desk

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"parlor/internal/canned"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// chat adds the calls by which agents and bots write and read.
func (f *Front) chat() {
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "chat.sendMessage", Do: f.chatSend, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodPost, Path: "chat.postMessage", Do: f.chatPost, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodPost, Path: "chat.update", Do: f.chatUpdate, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodPost, Path: "chat.delete", Do: f.chatDelete, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodGet, Path: "chat.getMessage", Do: f.chatGet, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodGet, Path: "chat.syncMessages", Do: f.chatSync, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodGet, Path: "rooms.info", Do: f.roomInfo, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodGet, Path: "channels.info", Do: f.channelInfo, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodGet, Path: "rooms.get", Do: f.roomsGet, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodGet, Path: "subscriptions.get", Do: f.subscriptionsGet, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodGet, Path: "subscriptions.getOne", Do: f.subscriptionOne, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodPost, Path: "subscriptions.read", Do: f.subscriptionRead, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodPost, Path: "rooms.upload/:rid", Do: f.agentUpload, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodPost, Path: "rooms.media/:rid", Do: f.roomMedia, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodPost, Path: "rooms.mediaConfirm/:rid/:fileId", Do: f.mediaConfirm, Auth: true, Needs: contract.SeeRooms},
		contract.Route{Method: http.MethodGet, Path: "info", Do: f.info},
	)
	f.AddMethods(
		contract.Method{Name: "sendMessage", Auth: true, Needs: contract.SeeRooms, Do: f.sendMethod},
		contract.Method{Name: "updateMessage", Auth: true, Needs: contract.SeeRooms, Do: f.updateMethod},
		contract.Method{Name: "deleteMessage", Auth: true, Needs: contract.SeeRooms, Do: f.deleteMethod},
		contract.Method{Name: "readMessages", Auth: true, Needs: contract.SeeRooms, Do: f.readMethod},
	)
}

func (f *Front) info(context.Context, *contract.Call) (any, error) {
	return contract.Object{"version": contract.Version, "info": contract.Object{"version": contract.Version}}, nil
}

var draftShape = contract.Dict(contract.Maybe("_id", contract.Text), contract.Must("rid", contract.Text), contract.Maybe("msg", contract.Text), contract.Maybe("text", contract.Text)).Open()

// post writes into a room in the name of the caller.
func (f *Front) post(ctx context.Context, c *contract.Call, in contract.DraftMessage) (contract.MessageView, error) {
	k, conv, err := f.RoomOfCaller(ctx, c, in.Rid)
	if err != nil {
		return contract.MessageView{}, err
	}
	v := k.Visitor.For(c.Who)
	text := canned.Fill(in.Msg, canned.Vars{Visitor: v.Name, VisitorEmail: v.Email, VisitorPhone: v.Phone, Agent: c.Login.Agent.Name, AgentEmail: c.Login.Agent.Email})
	m, err := f.Conversations.Post(ctx, c.Who, conversation.PostInput{Conversation: conv.ID, Kind: conversation.Text, Text: text, ClientID: in.ID, Blank: true})
	if errs.ReasonOf(err) == "not_your_conversation" {
		return contract.MessageView{}, contract.Structured("error-not-allowed", "Not allowed")
	}
	if err != nil {
		return contract.MessageView{}, err
	}
	a, err := f.Authors(ctx, k)
	if err != nil {
		return contract.MessageView{}, err
	}
	view, _ := a.Message(m.Message)
	return view, nil
}

func (f *Front) chatSend(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Message contract.DraftMessage }
	if err := c.Read(contract.Dict(contract.Must("message", draftShape)).Open(), &in); err != nil {
		return nil, err
	}
	v, err := f.post(ctx, c, in.Message)
	if errors.Is(err, contract.ErrNoRoom) {
		// Not a visitor's room, perhaps a group of colleagues.
		own, ok, failed := f.remark(ctx, c, in.Message.Rid, cmp.Or(in.Message.Msg, in.Message.Text))
		if ok || failed != nil {
			return contract.Object{"message": own}, failed
		}
	}
	return contract.Object{"message": v}, err
}

// chatPost answers chat.postMessage, which names the room in several ways.
func (f *Front) chatPost(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ RoomID, Channel, Text string }
	if err := c.Read(contract.Dict(contract.Maybe("roomId", contract.Text), contract.Maybe("channel", contract.Text), contract.Maybe("text", contract.Text)).Open(), &in); err != nil {
		return nil, err
	}
	if in.RoomID == "" {
		in.RoomID = in.Channel
	}
	if in.RoomID == "" {
		return nil, contract.InvalidParams("must have required property 'roomId'")
	}
	v, err := f.post(ctx, c, contract.DraftMessage{Rid: in.RoomID, Msg: in.Text})
	return contract.Object{"ts": f.Clock.Now().UnixMilli(), "channel": in.RoomID, "message": v}, err
}

// foundMessage finds a message in a room of the caller, or ("") in any.
func (f *Front) foundMessage(ctx context.Context, c *contract.Call, rid, message string) (k visitor.Known, m conversation.Message, err error) {
	if m, err = f.MessageOf(ctx, c.Who, id.Conversation(rid), message); err != nil {
		return k, m, err
	}
	conv, err := f.Conversations.Conversation(ctx, c.Who, m.Conversation)
	if err == nil {
		k, err = f.VisitorIn(ctx, conv)
	}
	return k, m, err
}

func (f *Front) chatUpdate(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ RoomID, MsgID, Text string }
	if err := c.Read(contract.Dict(contract.Must("roomId", contract.Text), contract.Must("msgId", contract.Text), contract.Must("text", contract.Text)).Open(), &in); err != nil {
		return nil, err
	}
	k, m, err := f.foundMessage(ctx, c, in.RoomID, in.MsgID)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Plain(`No message found with the id of "` + in.MsgID + `".`)
	}
	if err != nil {
		return nil, err
	}
	if m, err = f.Conversations.Edit(ctx, c.Who, m.Conversation, m.Seq, in.Text); err != nil {
		return nil, err
	}
	return f.MessageAnswer(ctx, k, m)
}

func (f *Front) chatDelete(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ RoomID, MsgID string }
	if err := c.Read(contract.Dict(contract.Must("roomId", contract.Text), contract.Must("msgId", contract.Text)).Open(), &in); err != nil {
		return nil, err
	}
	_, m, err := f.foundMessage(ctx, c, in.RoomID, in.MsgID)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Plain(`No message found with the id of "` + in.MsgID + `".`)
	}
	if err != nil {
		return nil, err
	}
	if _, err := f.Conversations.Recall(ctx, c.Who, m.Conversation, m.Seq); err != nil {
		return nil, err
	}
	return contract.Object{"_id": in.MsgID, "ts": f.Clock.Now().UnixMilli(), "message": contract.Object{"_id": in.MsgID, "rid": m.Conversation}}, nil
}

func (f *Front) chatGet(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ MsgID string }
	if err := c.ReadQuery(contract.Dict(contract.Must("msgId", contract.Text)).Open(), &in); err != nil {
		return nil, err
	}
	rid, _, _ := lastCut(in.MsgID, "-")
	if contract.SeqOf(id.Conversation(rid), in.MsgID) == 0 {
		rid = ""
	}
	k, m, err := f.foundMessage(ctx, c, rid, in.MsgID)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Bare
	}
	if err != nil {
		return nil, err
	}
	return f.MessageAnswer(ctx, k, m)
}

// chatSync answers chat.syncMessages: what is new or was changed since a time,
// among the newest messages of a room.
func (f *Front) chatSync(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ RoomID, LastUpdate string }
	if err := c.ReadQuery(contract.Dict(contract.Must("roomId", contract.Text), contract.Must("lastUpdate", contract.Text)).Open(), &in); err != nil {
		return nil, err
	}
	since, ok := contract.Date(in.LastUpdate)
	if !ok {
		return nil, contract.Structured("error-lastUpdate-param-invalid", "The \"lastUpdate\" query parameter must be a valid date.")
	}
	k, conv, err := f.RoomOfCaller(ctx, c, in.RoomID)
	if err != nil {
		return nil, err
	}
	list, err := f.Conversations.Messages(ctx, c.Who, conv.ID, conversation.Range{Limit: contract.HistoryMost})
	if err != nil {
		return nil, err
	}
	a, err := f.Authors(ctx, k)
	if err != nil {
		return nil, err
	}
	updated, deleted := []contract.MessageView{}, []contract.Object{}
	for _, m := range list {
		v, shown := a.Message(m)
		switch {
		case m.Recalled != nil && m.Recalled.At.After(since):
			deleted = append(deleted, contract.Object{"_id": contract.MessageID(m), "_deletedAt": contract.Stamp(m.Recalled.At)})
		case shown && (m.At.After(since) || m.Edited != nil && m.Edited.At.After(since)):
			updated = append(updated, v)
		}
	}
	return contract.Object{"result": contract.Object{"updated": updated, "deleted": deleted}}, nil
}

func (f *Front) roomInfo(ctx context.Context, c *contract.Call) (any, error) {
	return f.namedRoom(ctx, c, "room")
}

func (f *Front) channelInfo(ctx context.Context, c *contract.Call) (any, error) {
	return f.namedRoom(ctx, c, "channel")
}

// namedRoom answers with the room that the query names.
func (f *Front) namedRoom(ctx context.Context, c *contract.Call, key string) (any, error) {
	if c.Arg("roomId") == "" {
		return nil, contract.Structured("error-roomid-param-not-provided", "The parameter \"roomId\" or \"roomName\" is required")
	}
	k, conv, err := f.RoomOfCaller(ctx, c, c.Arg("roomId"))
	if err != nil {
		return nil, err
	}
	r, err := f.ActiveRoom(ctx, conv, k)
	return contract.Object{key: r}, err
}

// sendMethod is the method sendMessage.
func (f *Front) sendMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	var in contract.DraftMessage
	if err := draftShape.Matched().Decode(p.At(0), &in); err != nil {
		return nil, err
	}
	if list, ok := p.At(2).([]any); ok && len(list) > 0 {
		return f.postFiles(ctx, c, in, list)
	}
	return f.post(ctx, c, in)
}

func (f *Front) updateMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	var in contract.DraftMessage
	if err := draftShape.Matched().Decode(p.At(0), &in); err != nil {
		return nil, err
	}
	_, m, err := f.foundMessage(ctx, c, in.Rid, in.ID)
	if err == nil {
		_, err = f.Conversations.Edit(ctx, c.Who, m.Conversation, m.Seq, in.Msg)
	}
	return nil, err
}

func (f *Front) deleteMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	var in contract.DraftMessage
	if err := contract.Dict(contract.Must("_id", contract.Text)).Open().Matched().Decode(p.At(0), &in); err != nil {
		return nil, err
	}
	_, m, err := f.foundMessage(ctx, c, in.Rid, in.ID)
	if err == nil {
		_, err = f.Conversations.Recall(ctx, c.Who, m.Conversation, m.Seq)
	}
	return nil, err
}

func (f *Front) readMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	rid, err := p.Text(0)
	if err != nil {
		return nil, err
	}
	return nil, f.read(ctx, c, rid)
}

// read moves the caller's read mark to the end of a room.
func (f *Front) read(ctx context.Context, c *contract.Call, rid string) error {
	_, conv, err := f.RoomOfCaller(ctx, c, rid)
	if err == nil {
		_, err = f.Conversations.Read(ctx, c.Who, conv.ID, conv.LastSeq)
	}
	return err
}
