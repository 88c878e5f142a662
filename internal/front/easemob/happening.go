package easemob

import (
	"encoding/json"

	"parlor/internal/account"
	calls "parlor/internal/call"
	"parlor/internal/conversation"
	"parlor/internal/hook"
	"parlor/internal/id"
)

// chosenState is what an event tells of an agent who chose another state.
func chosenState(h hook.Happening, logins map[id.Agent]string) (object, error) {
	var c account.StateChanged
	if err := json.Unmarshal([]byte(h.Data), &c); err != nil {
		return nil, err
	}
	word := func(s account.State) string {
		return wireState(account.AgentStatus{Agent: c.Agent, Connected: true, State: s})
	}
	return object{"agentUserId": c.Agent, "agentUserName": logins[c.Agent], "agentUserNiceName": c.Name, "oldState": word(c.Before), "newState": word(c.State), "reason": c.Reason}, nil
}

// overflow is what an event tells of a session that a long queue sent on.
func overflow(book *account.Book, h hook.Happening) (object, error) {
	var o conversation.Overflow
	err := json.Unmarshal([]byte(h.Data), &o)
	return object{"serviceSessionId": o.Conversation, "fromQueueId": o.From, "fromQueueName": book.Teams[o.From].Name, "toQueueId": o.To, "toQueueName": book.Teams[o.To].Name,
		"sessionWaitCount": o.Waiting}, err
}

// callMoved is what an event tells of a call that was begun, answered or ended.
func callMoved(h hook.Happening, logins map[id.Agent]string) (object, error) {
	var c calls.Call
	if err := json.Unmarshal([]byte(h.Data), &c); err != nil {
		return nil, err
	}
	o := object{"callId": c.ID, "callNumber": c.Number, "serviceSessionId": c.Conversation, "mediaType": c.Kind, "state": c.State, "direction": c.By, "agentUserId": c.Agent,
		"agentUserName": logins[c.Agent], "agentUserNiceName": c.AgentName, "visitorUserId": c.Visitor, "visitorNickname": c.VisitorName, "createDateTime": c.InvitedAt.UnixMilli(),
		"answerDateTime": nil, "endDateTime": nil, "duration": c.Duration, "hangupReason": nullable(c.Reason)}
	if !c.AnsweredAt.IsZero() {
		o["answerDateTime"] = c.AnsweredAt.UnixMilli()
	}
	if !c.EndedAt.IsZero() {
		o["endDateTime"] = c.EndedAt.UnixMilli()
	}
	return o, nil
}
