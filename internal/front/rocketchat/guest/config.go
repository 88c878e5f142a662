package guest

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/visitor"
)

// widget adds the call by which the widget learns what it needs.
func (f *Front) widget() {
	f.Add(contract.Route{Method: http.MethodGet, Path: "livechat/config", Do: f.config, Calls: 60},
		contract.Route{Method: http.MethodGet, Path: "livechat/agent.info/:rid/:token", Do: f.agentInfo},
		contract.Route{Method: http.MethodGet, Path: "livechat/agent.next/:token", Do: f.agentNext})
}

var configShape = contract.Dict(contract.Maybe("token", contract.Text), contract.Maybe("department", contract.Text), contract.Maybe("businessUnit", contract.Text)).Open()

// config answers GET livechat/config.
func (f *Front) config(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Token, Department string }
	if err := c.ReadQuery(configShape, &in); err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	company := book.Tenant.Settings
	if !company.On("Livechat_enabled") {
		return contract.Object{"config": contract.Object{"enabled": false}}, nil
	}
	online, err := f.online(ctx, c, company, id.Team(in.Department))
	if err != nil {
		return nil, err
	}
	departments, err := f.publicDepartments(ctx, book)
	if err != nil {
		return nil, err
	}
	triggers, err := f.pageTriggers(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	fields, err := f.publicFields(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	conf := contract.Object{"enabled": true, "online": online, "settings": widgetSettings(company), "theme": widgetTheme(company), "messages": widgetMessages(company),
		"survey":   contract.Object{"items": surveyItems, "values": surveyValues},
		"triggers": triggers, "departments": departments, "resources": contract.Object{"sound": "", "emojis": []contract.Object{}}, "customFields": fields}
	return contract.Object{"config": conf}, f.addGuest(ctx, c, company, in.Token, conf)
}

// publicFields are the custom fields that visitors are asked for.
func (f *Front) publicFields(ctx context.Context, t id.Tenant) ([]contract.Object, error) {
	list, err := f.Fields.All(ctx, t)
	out := []contract.Object{}
	for _, x := range list {
		if x.Custom.In() != field.OfVisitor || x.Custom.Hidden || !x.Custom.Public {
			continue
		}
		o := contract.Object{"_id": x.Key, "label": x.Name, "regexp": x.Custom.Pattern, "required": x.Required, "type": "input", "defaultValue": nil}
		if x.Custom.Preset != "" {
			o["defaultValue"] = x.Custom.Preset
		}
		if x.Kind == field.Choice {
			o["type"], o["options"] = "select", x.Options
		}
		out = append(out, o)
	}
	return out, err
}

// surveyItems are the questions of the contract's survey, with its spelling.
var surveyItems = []string{"satisfaction", "agentKnowledge", "agentResposiveness", "agentFriendliness"}

// surveyValues are the answers that a question may have.
var surveyValues = []string{"1", "2", "3", "4", "5"}

func widgetSettings(s setting.Company) contract.Object {
	var limit any = false
	if s.On("Livechat_enable_message_character_limit") {
		limit = cmp.Or(s.Number("Livechat_message_character_limit"), conversation.MaxText)
	}
	return contract.Object{"registrationForm": s.On("Livechat_registration_form"), "allowSwitchingDepartments": s.On("Livechat_allow_switching_departments"),
		"nameFieldRegistrationForm": s.On("Livechat_name_field_registration_form"), "emailFieldRegistrationForm": s.On("Livechat_email_field_registration_form"),
		"displayOfflineForm": s.On("Livechat_display_offline_form"), "videoCall": false,
		"fileUpload": s.On("Livechat_fileupload_enabled") && s.On("FileUpload_Enabled"), "language": s.Word("Language"),
		"transcript": s.On("Livechat_enable_transcript"), "historyMonitorType": s.Word("Livechat_history_monitor_type"),
		"forceAcceptDataProcessingConsent": s.On("Livechat_force_accept_data_processing_consent"),
		"showConnecting":                   s.Word("Livechat_Routing_Method") != "Auto_Selection", "agentHiddenInfo": !s.On("Livechat_show_agent_info"),
		"clearLocalStorageWhenChatEnded": s.On("Livechat_clear_local_storage_when_chat_ended"), "limitTextLength": limit,
		"hiddenSystemMessages": s.Words("Livechat_hide_system_messages"), "livechatLogo": contract.Object{}, "hideWatermark": s.On("Livechat_hide_watermark"),
		"visitorsCanCloseChat": s.On("Omnichannel_allow_visitors_to_close_conversation")}
}

func widgetTheme(s setting.Company) contract.Object {
	return contract.Object{"title": s.Word("Livechat_title"), "color": s.Word("Livechat_title_color"), "offlineTitle": s.Word("Livechat_offline_title"),
		"offlineColor": s.Word("Livechat_offline_title_color"), "position": s.Word("Livechat_widget_position"), "background": s.Word("Livechat_background"),
		"actionLinks": contract.Object{"webrtc": []contract.Object{}, "jitsi": []contract.Object{}}}
}

func widgetMessages(s setting.Company) contract.Object {
	return contract.Object{"offlineMessage": s.Word("Livechat_offline_message"), "offlineSuccessMessage": s.Word("Livechat_offline_success_message"),
		"offlineUnavailableMessage":   s.Word("Livechat_offline_form_unavailable"),
		"conversationFinishedMessage": s.Word("Livechat_conversation_finished_message"), "conversationFinishedText": s.Word("Livechat_conversation_finished_text"),
		"transcriptMessage": s.Word("Livechat_transcript_message"), "registrationFormMessage": s.Word("Livechat_registration_form_message"),
		"dataProcessingConsentText": s.Word("Livechat_data_processing_consent_text")}
}

// online tells whether somebody would answer, in a department or at all.
func (f *Front) online(ctx context.Context, c *contract.Call, company setting.Company, team id.Team) (bool, error) {
	if company.On("Livechat_accept_chats_with_no_agents") {
		return true, nil
	}
	door, err := f.Routing.Door(ctx, c.Tenant, c.Inbox, team, "")
	if err != nil || door.Refused != "" || door.Robot != nil || team == "" {
		return err == nil && door.Refused == "" && door.AgentsOnline, err
	}
	teams, err := f.Routing.Teams(ctx, c.Tenant)
	for _, t := range teams {
		if t.ID == team {
			return t.Ready > 0, nil
		}
	}
	return false, err
}

// publicDepartments are the departments that a visitor may choose: those in use
// with an agent.
func (f *Front) publicDepartments(ctx context.Context, book *account.Book) ([]contract.Object, error) {
	people, err := f.People(ctx, book.Tenant.ID)
	if err != nil {
		return nil, err
	}
	staffed := map[id.Team]bool{}
	for a := range maps.Values(people) {
		for _, t := range a.Teams {
			staffed[t] = staffed[t] || !a.Disabled
		}
	}
	list := []contract.Object{}
	for _, t := range slices.SortedFunc(maps.Values(book.Teams), account.ByName) {
		d := t.Settings.Desk
		if !staffed[t.ID] || d.Shut() {
			continue
		}
		o := contract.Object{"_id": t.ID, "name": t.Name, "showOnRegistration": !d.Unlisted, "showOnOfflineForm": !d.Unmailed}
		if len(d.Forwards) > 0 {
			o["departmentsAllowedToForward"] = d.Forwards
		}
		list = append(list, o)
	}
	return list, nil
}

// addGuest adds what is known of a visitor, of its open room and of who serves it.
func (f *Front) addGuest(ctx context.Context, c *contract.Call, company setting.Company, token string, conf contract.Object) error {
	k, err := f.Visitors.ByToken(ctx, c.Tenant, token)
	if errs.CodeOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	v := contract.VisitorOf(k)
	guest := contract.Object{"_id": v.ID, "username": v.Username, "token": v.Token}
	if v.Name != "" {
		guest["name"] = v.Name
	}
	if v.Emails != nil {
		guest["visitorEmails"] = v.Emails
	}
	if v.Department != "" {
		guest["department"] = v.Department
	}
	conf["guest"] = guest
	conv, err := f.Conversations.Active(ctx, c.Tenant, k.Visitor.ID)
	if errs.CodeOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := f.RoomOf(ctx, conv, k)
	if err != nil {
		return err
	}
	room := contract.Object{"_id": r.ID, "open": true}
	if r.Department != "" {
		room["departmentId"] = r.Department
	}
	if r.Call != "" {
		room["callStatus"] = r.Call
	}
	if r.ServedBy != nil {
		room["servedBy"] = r.ServedBy
		if conf["agent"], err = f.agentView(ctx, c.Tenant, company, conv.Agent); err != nil {
			return err
		}
	}
	conf["room"] = room
	if company.On("Livechat_waiting_queue") && conv.Status == conversation.Queued {
		conf["queueInfo"], err = f.queueInfo(ctx, conv, company)
	}
	return err
}

// queueInfo is what a visitor who waits is told.
func (f *Front) queueInfo(ctx context.Context, conv conversation.Conversation, company setting.Company) (contract.Object, error) {
	spot, err := f.Routing.Place(ctx, conv.Tenant, conv.ID)
	message := company.Word("Livechat_waiting_queue_message")
	if message == "" {
		message = "Your spot is #" + strconv.Itoa(spot)
	}
	return contract.Object{"spot": spot, "message": message}, err
}

// agentView is an agent as visitors see it.
func (f *Front) agentView(ctx context.Context, t id.Tenant, company setting.Company, a id.Agent) (contract.Object, error) {
	if !company.On("Livechat_show_agent_info") {
		return contract.Object{"hiddenInfo": true}, nil
	}
	x, err := f.Agent(ctx, t, a)
	if err != nil {
		return nil, err
	}
	st, err := f.Accounts.AgentStatus(ctx, t, a, f.Clock.Now())
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		return nil, err
	}
	v := contract.Object{"_id": x.ID, "name": x.Name, "username": x.Username, "status": contract.PresenceOf(st), "livechat": contract.Object{}}
	if company.On("Livechat_show_agent_email") && x.Email != "" {
		v["emails"] = []contract.Object{{"address": x.Email, "verified": true}}
	}
	return v, nil
}

// agentInfo answers livechat/agent.info: who serves a room.
func (f *Front) agentInfo(ctx context.Context, c *contract.Call) (any, error) {
	_, conv, err := f.roomOfVisitor(ctx, c.Tenant, c.Params["token"], c.Params["rid"])
	if err != nil {
		return nil, err
	}
	if conv.Agent == "" {
		return nil, contract.Plain("invalid-agent")
	}
	company, err := f.Company(ctx, c)
	if err != nil {
		return nil, err
	}
	v, err := f.agentView(ctx, c.Tenant, company, conv.Agent)
	return contract.Object{"agent": v}, err
}

// agentNext answers livechat/agent.next: whom routing would choose now.
func (f *Front) agentNext(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Department string }
	if err := c.ReadQuery(contract.Dict(contract.Maybe("department", contract.Text)).Open(), &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.Tenant, c.Params["token"])
	known := err == nil
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		return nil, err
	}
	if known {
		if _, err := f.Conversations.Active(ctx, c.Tenant, k.Visitor.ID); errs.CodeOf(err) != errs.NotFound {
			return contract.Object{}, err
		}
	} else {
		k = visitor.Known{}
	}
	team := id.Team(in.Department)
	if team == "" {
		team = k.Identity.Team
	}
	company, err := f.Company(ctx, c)
	if err != nil {
		return nil, err
	}
	if company.Word("Livechat_Routing_Method") == "Manual_Selection" {
		return nil, contract.Plain("agent-not-found")
	}
	a, err := f.Routing.Next(ctx, c.Tenant, c.Inbox, team)
	if err != nil {
		return nil, err
	}
	if a == "" {
		return nil, contract.Plain("agent-not-found")
	}
	v, err := f.agentView(ctx, c.Tenant, company, a)
	return contract.Object{"agent": v}, err
}
