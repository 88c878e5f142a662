package easemob

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/robot"
)

// Robots is what the contract asks of robots.
type Robots interface {
	Welcome(ctx context.Context, t id.Tenant, in id.Inbox, locale string) (robot.Welcome, bool, error)
	Suggest(ctx context.Context, t id.Tenant, v id.Visitor, c id.Conversation, text string) ([]robot.Choice, error)
	Human(ctx context.Context, t id.Tenant, v id.Visitor, c id.Conversation, item string) error
	Helpful(ctx context.Context, t id.Tenant, v id.Visitor, c id.Conversation, seq int64, helpful bool) error
}

// robotic is the kind of agent that robots are.
const robotic = 6

// kindOf is the kind of an agent.
func kindOf(a id.Agent) int {
	if a.Robot() {
		return robotic
	}
	return human
}

// userType is who an agent is in messages.
func userType(agent string) string {
	if id.Agent(agent).Robot() {
		return "Robot"
	}
	return "Agent"
}

// The greeting of a robot is a text, or a menu.
const (
	greetText = 0
	greetMenu = 1
)

// askHuman is what the button in a message says by which a visitor gets a person.
const askHuman = "转人工"

// faultRated: the answer of a robot has been rated.
var faultRated = fault{http.StatusBadRequest, "KEFU_ROBOT_INTEGRATION_0207", "the answer has been rated"}

// robots registers the calls about robots.
func (f *Front) robots() {
	f.open("GET "+webPrefix+"/tenants/robot-ready", f.robotReady)
	f.open("GET "+webPrefix+"/tenants/robots/welcome", f.robotWelcome)
	f.open("GET "+webPrefix+"/tenants/{tenant}/welcome/transfer-manual-menu", f.guide)
	f.guests("POST "+webPrefix+"/tenants/{tenant}/robot-agents/{robot}/satisfaction-comment", f.rateAnswer)
	f.guests("GET "+webPrefix+"/tenants/{tenant}/servicesessions/{id}/standard_suggestion/questions", f.guess)
}

// robotOf is what the robot that receives the visitors of a page begins with.
func (f *Front) robotOf(ctx context.Context, c *call) (robot.Welcome, bool, error) {
	inbox, err := f.inboxOf(ctx, c)
	if err != nil {
		return robot.Welcome{}, false, err
	}
	return f.Robots.Welcome(ctx, c.tenant, inbox, c.Header.Get("Accept-Language"))
}

func (f *Front) robotReady(ctx context.Context, c *call) (any, error) {
	_, ok, err := f.robotOf(ctx, c)
	return ok, err
}

// robotWelcome is the greeting of the robot: a text, or a menu as JSON in a text.
func (f *Front) robotWelcome(ctx context.Context, c *call) (any, error) {
	w, ok, err := f.robotOf(ctx, c)
	if err != nil || !ok {
		return nil, err
	}
	if len(w.Items) == 0 {
		return object{"greetingTextType": greetText, "greetingText": w.Text}, nil
	}
	items := make([]object, len(w.Items))
	for i, x := range w.Items {
		items[i] = object{"id": x.ID, "name": x.Title}
	}
	heading := w.Text
	if heading == "" {
		heading = w.Title
	}
	menu, err := json.Marshal(object{"ext": object{"msgtype": object{"choice": object{"title": heading, "items": items}}}})
	return object{"greetingTextType": greetMenu, "greetingText": string(menu)}, err
}

// guide is the menu of those items that lead to people.
func (f *Front) guide(ctx context.Context, c *call) (any, error) {
	w, ok, err := f.robotOf(ctx, c)
	if err != nil || !ok {
		return nil, err
	}
	items := []object{}
	for _, x := range w.Items {
		if x.Person {
			items = append(items, object{"id": x.ID, "name": x.Title, "queueId": nullable(string(x.Team)), "queueType": "txt"})
		}
	}
	if len(items) == 0 {
		return nil, nil
	}
	return object{"mode": "transferManualGuide", "choice": object{"title": w.Title, "items": items}}, nil
}

// rateAnswer keeps whether an answer of a robot helped.
func (f *Front) rateAnswer(ctx context.Context, c *visitorCall) (any, error) {
	var in struct {
		Key  string      `json:"satisfactionCommentKey"`
		Type json.Number `json:"type"`
	}
	if err := decode(c.body, &in); err != nil {
		return nil, err
	}
	conv, seq, ok := readName(in.Key)
	if solved := in.Type.String(); ok && (solved == "1" || solved == "2") {
		return nil, f.Robots.Helpful(ctx, c.Visitor.Tenant, c.Visitor.ID, conv, seq, solved == "1")
	}
	return nil, faultParam
}

// guess offers questions while the visitor types.
func (f *Front) guess(ctx context.Context, c *visitorCall) (any, error) {
	found, err := f.Robots.Suggest(ctx, c.Visitor.Tenant, c.Visitor.ID, id.Conversation(c.PathValue("id")), c.URL.Query().Get("input"))
	out := make([]object, len(found))
	for i, x := range found {
		out[i] = object{"id": x.ID, "question": x.Title}
	}
	return list{entities: out, bare: true}, err
}

// toHuman brings the visitor to a person. Before a conversation there is nothing to do:
// the message has begun one, which waits for a person unless a robot has it.
func (f *Front) toHuman(ctx context.Context, t id.Tenant, v id.Visitor, c id.Conversation) error {
	err := f.Robots.Human(ctx, t, v, c, "")
	if errs.ReasonOf(err) == "conversation_closed" {
		return nil
	}
	return err
}

// roboticPart is what a message of a robot has beside those of people.
func roboticPart(m conversation.Message, weichat object) {
	if m.Extra == nil || m.Extra.Robot == nil {
		return
	}
	if m.Extra.Robot.Rate {
		weichat["extRobot"] = object{"satisfactionCommentInvitation": true, "satisfactionCommentInfo": nameOf(m)}
	}
	if m.Extra.Robot.Rule == robot.RuleLeave {
		weichat["ctrlType"] = ticketsHint
	}
	if m.Extra.Robot.Rule == robot.RuleUnknown {
		weichat["ctrlType"] = "TransferToKfHint"
		weichat["ctrlArgs"] = object{"id": nameOf(m), "serviceSessionId": m.Conversation, "label": askHuman}
	}
}

// greets reports whether a message is a greeting, which pages have shown before the
// conversation began.
func greets(m conversation.Message) bool {
	return m.Extra != nil && m.Extra.Robot != nil && m.Extra.Robot.Rule == robot.RuleGreeting
}

// robotOptions are the options of the contract's page that a robot sets.
func (f *Front) robotOptions(ctx context.Context, c *call, name string) (string, bool, error) {
	if name != "canTransferMsgNumber" && name != "transferManualMenuGuideEnable" {
		return "", false, nil
	}
	w, ok, err := f.robotOf(ctx, c)
	if err != nil || !ok {
		return "", false, err
	}
	if name == "canTransferMsgNumber" {
		return strconv.Itoa(w.After), w.Button, nil
	}
	guide, err := f.guide(ctx, c)
	return strconv.FormatBool(guide != nil), true, err
}
