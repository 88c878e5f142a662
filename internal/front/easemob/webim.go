package easemob

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/robot"
	"parlor/internal/setting"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// webim registers the calls of visitors' pages.
func (f *Front) webim() {
	f.open("GET "+webPrefix+"/targetChannels", f.channels)
	f.open("POST "+webPrefix+"/visitors", f.makeVisitor)
	f.open("GET "+webPrefix+"/visitors/password2", f.visitorPassword)
	f.mux.HandleFunc("GET "+webPrefix+"/settings/visitors/configs/{config}", f.answered(f.pageConfig))
	f.open("GET /v1/grayscale/tenants/{tenant}", f.flags)
	f.open("GET "+webPrefix+"/tenants/show-message", f.offDuty)
	f.open("GET "+webPrefix+"/welcome", f.welcome)
	f.open("GET "+webPrefix+"/tenants/{tenant}/skillgroup-menu", f.teamMenu)
	f.robots()
	f.information()
	f.open("GET "+webPrefix+"/tenants/{tenant}/options/{name}", f.option)
	f.open("GET "+webPrefix+"/tenants/{tenant}/evaluationdegrees", f.levels)
	f.open("GET "+webPrefix+"/tenants/{tenant}/evaluationdegrees/{id}/appraisetags", f.reasons)
	f.open("GET "+webPrefix+"/visitors/{user}/schedule-data-ex2", f.available)
	f.open("GET /v1/tenants/{tenant}/agents/{agent}/agentstate", f.agentState)
	f.mux.HandleFunc("POST /v1/event_collector/events", f.answered(f.collect))
	f.mux.HandleFunc("POST /"+org+"/{app}/token", f.answered(f.imToken))
	f.guestCalls()
}

// guestCalls registers the calls that need the token of a visitor.
func (f *Front) guestCalls() {
	f.guests("GET "+webPrefix+"/tenants/{tenant}/visitors", func(_ context.Context, c *visitorCall) (any, error) { return guestOf(c.Known), nil })
	f.guests("GET "+webPrefix+"/tenants/{tenant}/visitors/{v}/official-accounts", f.officialAccounts)
	f.guests("GET "+webPrefix+"/tenants/{tenant}/visitors/{v}/official-accounts/{oa}/messages", f.historyPage)
	f.guests("GET "+webPrefix+"/tenants/{tenant}/visitors/{v}/official-accounts/{oa}/latest-session", f.latestSession)
	f.guests("GET "+webPrefix+"/tenant/{tenant}/visitors/{v}/CurrentServiceSession", f.currentSession)
	f.guests("GET "+webPrefix+"/sessions/{id}/agent-input-state", f.inputState)
	f.guests("POST "+webPrefix+"/servicesessions/{id}/messagePredict", f.predict)
	f.guests("POST "+webPrefix+"/tenants/{tenant}/servicesessions/{id}/read", f.readAll)
	f.guests("POST "+webPrefix+"/tenants/{tenant}/visitors/{v}/servicesessions/{id}/keepalive", f.stillHere)
	f.guests("POST "+webPrefix+"/tenants/{tenant}/visitors/{v}/servicesessions/{id}/closechat", f.stillHere)
	f.guests("POST "+webPrefix+"/tenants/{tenant}/visitors/{v}/servicesessions/{id}/stop", f.stop)
	f.guests("POST "+webPrefix+"/tenants/{tenant}/visitors/{v}/servicesessions/{id}/stop-wait-session", f.stop)
	f.guests("POST "+webPrefix+"/tenants/{tenant}/sessions/{id}/attributes", f.attributes)
	f.guests("GET "+webPrefix+"/tenants/{tenant}/serviceSessions/{id}/evaluate/verify", f.mayRate)
	f.guests("POST "+webPrefix+"/tenants/{tenant}/visitors/init-language/set", f.language)
	f.guests("POST /webimplugin/tenants/{tenant}/visitors/{v}/servicesessions/{id}/stop", f.stop)
	f.guests("POST /webimplugin/tenants/{tenant}/visitors/{v}/servicesessions/{id}/stop-wait-session", f.stop)
	f.guests("GET /v1/visitors/waitings/data", f.waiting)
	f.guests("GET "+webPrefix+"/tenants/{tenant}/servicesessions/{id}/enquiries", f.ratings)
	f.guests("GET /tenants/{tenant}/projects", f.projects)
	f.guests("GET /tenants/{tenant}/projects/{p}/categories", f.categories)
	f.guests("POST /tenants/{tenant}/projects/{p}/tickets", f.ticket)
}

// channels are the inboxes as a list without an envelope.
func (f *Front) channels(ctx context.Context, c *call) (any, error) {
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	inboxes, err := f.Accounts.Inboxes(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(inboxes))
	for i, in := range inboxes {
		out[i] = object{"orgName": org, "appName": appName(c.number), "imServiceNumber": serviceNumber + string(in.ID), "channelId": in.ID, "name": in.Name,
			"restDomain": "", "xmppServer": "", "tenantName": book.Tenant.Name, "tenantAvatar": "", "tenantLogo": ""}
	}
	return plain{out}, nil
}

// features are the flags of the contract that are on.
var features = []string{"msgPredictEnable", "agentInputStateEnable", "waitListNumberEnable", "visitorLeave"}

func (f *Front) flags(context.Context, *call) (any, error) {
	out := make([]object, len(features), len(features)+1)
	for i, name := range features {
		out[i] = object{"grayName": name, "status": "Enable", "description": name}
	}
	video := object{"grayName": vecFeature, "status": "Enable", "description": vecFeature}
	if f.Video.Off {
		video["status"] = "Disable"
	}
	out = append(out, video)
	return list{entities: out, bare: true}, nil
}

// inboxOf is the inbox that a page names by channel or service number.
func (f *Front) inboxOf(ctx context.Context, c *call) (id.Inbox, error) {
	q := c.URL.Query()
	number := q.Get("imServiceNumber")
	if number == "" && q.Get("channelId") != "" {
		number = serviceNumber + q.Get("channelId")
	}
	return f.inbox(ctx, c.tenant, number)
}

// offDuty answers whether visitors cannot be served now.
func (f *Front) offDuty(ctx context.Context, c *call) (any, error) {
	inbox, err := f.inboxOf(ctx, c)
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	a, err := f.Routing.Door(ctx, c.tenant, inbox, teamNamed(book, c.URL.Query().Get("queueName")), "")
	return a.Refused != "", err
}

func teamNamed(book *account.Book, name string) id.Team {
	for _, t := range book.Teams {
		if name != "" && t.Name == strings.TrimSpace(name) {
			return t.ID
		}
	}
	return ""
}

// welcome is the greeting of an inbox.
func (f *Front) welcome(ctx context.Context, c *call) (any, error) {
	inbox, err := f.inboxOf(ctx, c)
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	return book.Inboxes[inbox].Settings.Greeting.In(robot.Language(c.Header.Get("Accept-Language"))), nil
}

// teamMenu are the teams that visitors may choose.
func (f *Front) teamMenu(ctx context.Context, c *call) (any, error) {
	teams, err := f.Accounts.Teams(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	items := make([]object, len(teams))
	for i, t := range teams {
		items[i] = object{"id": t.ID, "name": t.Name, "queueName": t.Name}
	}
	return items, nil
}

// options are the switches of the contract's page, as texts.
var options = map[string]string{"showTrackMsg": "true", "transferManualMenuGuideEnable": "false", "onlineCustomerStatus": "true",
	"SatisfactionEvaluationTime": strconv.Itoa(int(survey.LinkFor.Seconds())), "onlyCloseWindow": "true", "onlyCloseSession": "true", "noEmptyAgentTipEnable": "false", "isNoLink": "false"}

func (f *Front) option(ctx context.Context, c *call) (any, error) {
	v, ok, err := f.robotOptions(ctx, c, c.PathValue("name"))
	if err != nil {
		return nil, err
	}
	if !ok {
		v, ok = options[c.PathValue("name")]
	}
	if !ok {
		return list{entities: []object{}, bare: true}, nil
	}
	return list{entities: []object{{"optionName": c.PathValue("name"), "optionValue": v, "tenantId": c.number}}, bare: true}, nil
}

// form is the survey of the inbox that a page names.
func (f *Front) form(ctx context.Context, c *call) (setting.Survey, error) {
	inbox, err := f.inboxOf(ctx, c)
	if err != nil {
		return setting.Survey{}, err
	}
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return setting.Survey{}, err
	}
	return book.Inboxes[inbox].Settings.Survey, nil
}

// levels are the answers of the survey, the best with the most points.
func (f *Front) levels(ctx context.Context, c *call) (any, error) {
	form, err := f.form(ctx, c)
	if err != nil {
		return nil, err
	}
	all := form.LevelList()
	out := make([]object, len(all))
	for i, l := range all {
		out[i] = object{"id": l.Code, "level": points(all, l.Code), "name": l.Text.In(robot.Language(c.Header.Get("Accept-Language"))), "score": points(all, l.Code), "isSingleTag": false}
	}
	return list{entities: out, bare: true}, nil
}

func (f *Front) reasons(ctx context.Context, c *call) (any, error) {
	form, err := f.form(ctx, c)
	if err != nil {
		return nil, err
	}
	out := []object{}
	for _, l := range form.LevelList() {
		if l.Code != c.PathValue("id") || !l.Reasons {
			continue
		}
		for _, r := range form.ReasonList() {
			out = append(out, object{"id": r.Code, "name": r.Text.In(robot.Language(c.Header.Get("Accept-Language")))})
		}
	}
	return list{entities: out, bare: true}, nil
}

// available counts who could serve a visitor.
func (f *Front) available(ctx context.Context, c *call) (any, error) {
	all, err := f.Accounts.Roster(ctx, c.tenant)
	n := 0
	for _, a := range all {
		if a.Available() && !a.Bot {
			n++
		}
	}
	if err != nil {
		return nil, err
	}
	robots := 0
	if _, ok, rerr := f.robotOf(ctx, c); rerr != nil {
		return nil, rerr
	} else if ok {
		robots = 1
	}
	return object{"onlineHumanAgentCount": n, "onlineRobotAgentCount": robots}, nil
}

func (f *Front) agentState(ctx context.Context, c *call) (any, error) {
	st, err := f.Accounts.AgentStatus(ctx, c.tenant, id.Agent(c.PathValue("agent")), f.Clock.Now())
	if err != nil {
		return nil, err
	}
	return object{"state": wireState(st)}, nil
}

// officialAccounts has one account: the inbox itself.
func (f *Front) officialAccounts(ctx context.Context, c *visitorCall) (any, error) {
	p, err := f.partyOf(ctx, c.Known)
	o := accountOf(p.inbox, p.account)
	o["imServiceNumber"] = serviceNumber + string(p.inbox)
	return list{entities: []object{o}, bare: true}, err
}

// historyPage is a page of what was said, the newest first, before a message.
func (f *Front) historyPage(ctx context.Context, c *visitorCall) (any, error) {
	size := 10
	if v := c.URL.Query().Get("size"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 50 {
			return nil, faultSize
		}
		size = n
	}
	found, err := f.past(ctx, c.Known, c.URL.Query().Get("startId"), size)
	if err != nil {
		return nil, err
	}
	p, err := f.partyOf(ctx, c.Known)
	out := []object{}
	for _, m := range found {
		if o := f.history(p, m); o != nil {
			out = append(out, o)
		}
	}
	return list{entities: out, bare: true}, err
}

// mostPast bounds the conversations that a page of history is made of.
const mostPast = 20

// past returns up to size messages before one, over the visitor's conversations.
func (f *Front) past(ctx context.Context, k visitor.Known, start string, size int) (out []conversation.Message, err error) {
	before := conversation.Range{Limit: size, Visible: true}
	from := id.Conversation("")
	if start != "" {
		c, seq, ok := readName(start)
		if !ok {
			return nil, faultParam
		}
		from, before.Before = c, seq
	}
	all, _, err := f.Conversations.List(ctx, actor.ForSystem(k.Visitor.Tenant), conversation.Filter{Visitor: k.Visitor.ID, View: conversation.ViewAll, Limit: mostPast})
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if from != "" && c.ID > from {
			continue // ids rise with time
		}
		r := before
		if c.ID != from {
			r.Before = 0
		}
		if r.Before == 1 || c.VisibleSeq == 0 {
			continue
		}
		if r.Before == 0 {
			r.Before = c.LastSeq + 1
		}
		r.Limit = size - len(out)
		got, err := f.Conversations.Messages(ctx, k.Visitor.Actor(), c.ID, r)
		if err != nil {
			return nil, err
		}
		for i := len(got) - 1; i >= 0; i-- {
			out = append(out, got[i])
		}
		if len(out) >= size {
			break
		}
	}
	return out, nil
}

func (f *Front) latestSession(ctx context.Context, c *visitorCall) (any, error) {
	got, ok, err := f.Intake.Latest(ctx, c.Visitor.Actor())
	if err != nil || !ok {
		return nil, err
	}
	return object{"session_id": got.ID, "state": stateOf(got), "agent_id": nullable(string(got.Agent)), "agent_type": kindOf(got.Agent), "agent_nice_name": got.AgentName, "skill_group_id": nullable(string(got.Team))}, nil
}

func (f *Front) currentSession(ctx context.Context, c *visitorCall) (any, error) {
	got, err := f.Conversations.Active(ctx, c.Visitor.Tenant, c.Visitor.ID)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return f.session(got, c.Identity.Username), nil
}

// own is the visitor's conversation of the path.
func (f *Front) own(ctx context.Context, c *visitorCall) (conversation.Conversation, error) {
	return f.Conversations.Conversation(ctx, c.Visitor.Actor(), id.Conversation(c.PathValue("id")))
}

// maxPredict is how much of an unsent text is taken, in characters.
const maxPredict = 100

// predict shows the agent what is being written.
func (f *Front) predict(ctx context.Context, c *visitorCall) (any, error) {
	var in struct {
		Content string `json:"content"`
	}
	if err := decode(c.body, &in); err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(in.Content) > maxPredict {
		in.Content = string([]rune(in.Content)[:maxPredict])
	}
	got, err := f.own(ctx, c)
	if err != nil || got.Status != conversation.Open {
		return nil, err
	}
	f.Conversations.Type(c.Visitor.Actor(), conversation.TypeInput{Conversation: got, Text: in.Content})
	return nil, nil
}

func (f *Front) readAll(ctx context.Context, c *visitorCall) (any, error) {
	got, err := f.own(ctx, c)
	if err != nil {
		return nil, err
	}
	_, err = f.Conversations.Read(ctx, c.Visitor.Actor(), got.ID, got.LastSeq)
	return nil, err
}

// stillHere notes that the page is open, or was until now.
func (f *Front) stillHere(ctx context.Context, c *visitorCall) (any, error) {
	return nil, f.Visitors.StillHere(ctx, c.Visitor.Tenant, []id.Visitor{c.Visitor.ID})
}

// stop ends the conversation: the visitor leaves it, or the queue.
func (f *Front) stop(ctx context.Context, c *visitorCall) (any, error) {
	_, err := f.Conversations.Close(ctx, c.Visitor.Actor(), id.Conversation(c.PathValue("id")), conversation.EndByVisitor)
	if errs.ReasonOf(err) == "conversation_closed" {
		err = nil
	}
	return nil, err
}

// attributes note the page from which the visitor came.
func (f *Front) attributes(ctx context.Context, c *visitorCall) (any, error) {
	var in struct {
		URL string `json:"accessUrl"`
	}
	if err := decode(c.body, &in); err != nil {
		return nil, err
	}
	if _, err := f.own(ctx, c); err != nil {
		return nil, err
	}
	return nil, f.Visitors.Look(ctx, c.Visitor.Actor(), in.URL, "")
}

// mayRate refuses ratings that come too late.
func (f *Front) mayRate(ctx context.Context, c *visitorCall) (any, error) {
	got, err := f.own(ctx, c)
	if err == nil {
		err = f.Surveys.MayAnswer(ctx, c.Visitor.Actor(), got.ID)
	}
	return nil, err
}

// language is taken from each message; the call is answered for pages that wait for it.
func (f *Front) language(_ context.Context, c *visitorCall) (any, error) {
	var in struct {
		Language string `json:"language"`
	}
	return nil, decode(c.body, &in)
}

// waiting tells a visitor's place: how many stand before, "no" for nobody.
func (f *Front) waiting(ctx context.Context, c *visitorCall) (any, error) {
	now := f.Clock.Now().UnixMilli()
	got, err := f.Conversations.Active(ctx, c.Visitor.Tenant, c.Visitor.ID)
	if errs.CodeOf(err) == errs.NotFound || err == nil && got.Status != conversation.Queued {
		return object{"visitorUserWaitingNumber": "no", "visitorUserWaitingTimestamp": now}, nil
	}
	if err != nil {
		return nil, err
	}
	place, err := f.Routing.Place(ctx, c.Visitor.Tenant, got.ID)
	if place < 1 {
		return object{"visitorUserWaitingNumber": "no", "visitorUserWaitingTimestamp": now}, err
	}
	return object{"visitorUserWaitingNumber": strconv.Itoa(place), "visitorUserWaitingTimestamp": now}, err
}

// projects has one place for messages that are left.
func (f *Front) projects(_ context.Context, c *visitorCall) (any, error) {
	return plain{object{"entities": []object{{"id": "1", "name": "leave", "tenantId": c.PathValue("tenant")}}, "totalElements": 1, "status": "OK"}}, nil
}

// categories are none: messages that are left are not sorted.
func (f *Front) categories(context.Context, *visitorCall) (any, error) {
	return plain{object{"entities": []object{}, "totalElements": 0, "status": "OK"}}, nil
}

// ticket leaves a message.
func (f *Front) ticket(ctx context.Context, c *visitorCall) (any, error) {
	var in ticketInput
	if err := decode(c.body, &in); err != nil {
		return nil, err
	}
	m, err := f.Leaves.Leave(ctx, c.Visitor.Actor(), in.left())
	if err != nil {
		return nil, err
	}
	return plain{object{"id": m.ID, "subject": in.Subject, "content": in.Content, "created_at": m.At.UTC().Format(stamp)}}, nil
}
