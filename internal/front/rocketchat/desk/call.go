package desk

import (
	"context"
	"net/http"

	"parlor/internal/conversation"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
)

// calls adds the calls about telephoning in a room.
func (f *Front) calls() {
	needs := []string{"view-l-room"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/webrtc.call", Do: f.ring, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodPut, Path: "livechat/webrtc.call/:callId", Do: f.setCall, Auth: true, Needs: needs},
	)
}

// callRoom finds the room of a call, which the company must want.
func (f *Front) callRoom(ctx context.Context, c *contract.Call, rid string) (conv conversation.Conversation, err error) {
	if conv, err = f.Found(ctx, c, rid, "invalid-room"); err != nil {
		return conv, err
	}
	company, err := f.Company(ctx, c)
	if err == nil && (!company.On("WebRTC_Enabled") || company.Word("Omnichannel_call_provider") != "WebRTC") {
		err = contract.Plain("webRTC calling not enabled")
	}
	return conv, err
}

// ring answers GET livechat/webrtc.call: it begins a call, or says how one stands.
func (f *Front) ring(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Rid string }
	if err := c.ReadQuery(contract.Dict(contract.Must("rid", contract.Text)), &in); err != nil {
		return nil, err
	}
	conv, err := f.callRoom(ctx, c, in.Rid)
	if err != nil {
		return nil, err
	}
	status, err := f.Conversations.Ring(ctx, c.Who, conv.ID)
	return contract.Object{"videoCall": contract.Object{"rid": conv.ID, "provider": "webrtc", "callStatus": status}}, err
}

// setCall answers PUT livechat/webrtc.call/:callId; a call is named by the message
// that told of it.
func (f *Front) setCall(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Rid, Status string }
	if err := c.Read(contract.Dict(contract.Must("rid", contract.Text), contract.Must("status", contract.Text)), &in); err != nil {
		return nil, err
	}
	conv, err := f.callRoom(ctx, c, in.Rid)
	if err != nil {
		return nil, err
	}
	m, err := f.MessageOf(ctx, c.Who, id.Conversation(conv.ID), c.Params["callId"])
	if contract.IsMissing(err) || err == nil && (m.Line == nil || m.Line.Name != conversation.LineCalled) {
		err = contract.Plain("invalid-callId")
	}
	if err != nil {
		return nil, err
	}
	return contract.Object{"status": in.Status}, f.Conversations.SetCall(ctx, c.Who, conv.ID, in.Status)
}
