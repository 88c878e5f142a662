package easemob

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	calls "parlor/internal/call"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/intake"
	"parlor/internal/robot"
	"parlor/internal/setting"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// vecPrefix is the prefix of the calls of the independent video client.
const vecPrefix = "/v1/kefurtc"

// The words of the independent video client on the wire.
const (
	vecFeature   = "vecIndependentVideo"
	vecTarget    = "kefurtc"
	vecChannel   = "video"
	rejectAction = "AgentRejectKefuRtcRingingCall"
)

// The types of its calls: the visitor asked, or is called back.
const (
	inbound  = 0
	outbound = 1
)

// vec registers the calls of the independent video client. A session of it is the
// conversation whose visitor asked for a video call.
func (f *Front) vec() {
	f.mux.HandleFunc("GET "+vecPrefix+"/visitor/plugin/webim/{config}", f.answered(f.vecConfig))
	f.guests("GET "+vecPrefix+"/tenant/{tenant}/webim/session/{id}/waiting", f.vecWaiting)
	f.guests("POST "+vecPrefix+"/tenant/{tenant}/session/{id}/visitor/{v}/close", func(ctx context.Context, c *visitorCall) (any, error) {
		return nil, f.Video.Finish(ctx, c.Visitor.Actor(), id.Conversation(c.PathValue("id")))
	})
	f.guests("GET "+vecPrefix+"/visitor/{v}/session/{id}/ticket", f.vecTicket)
	for _, path := range []string{"/tenant/{tenant}/enquiry/visitor/submit", "/tenant/{tenant}/session/{id}/enquiry/visitor/submit"} {
		f.guests("POST "+vecPrefix+path, f.vecRate)
	}
}

// videoPage leads to the page of the video counter.
func (f *Front) videoPage(w http.ResponseWriter, r *http.Request) {
	_, v, err := f.entry(r.Context(), r, nil)
	if err != nil {
		f.write(w, r, "", nil, err)
		return
	}
	q := url.Values{"inbox": {string(v.(object)["inbox"].(id.Inbox))}}
	for _, name := range []string{"source", "relatedSessionId", "relatedVisitorUserId", "lang", "taskId", "queueId", "agentUserId", "inviteeVisitorName"} {
		if said := r.URL.Query().Get(name); said != "" {
			q.Set(name, said)
		}
	}
	http.Redirect(w, r, "/w/vec/?"+q.Encode(), http.StatusFound)
}

// vecConfig answers with what is set for the video counter of an inbox.
func (f *Front) vecConfig(ctx context.Context, r *http.Request, _ []byte) (id.Tenant, any, error) {
	if err := f.Calls.Take("kefu address " + f.Clients.Of(r)); err != nil {
		return "", nil, err
	}
	in, err := f.Accounts.Inbox(ctx, id.Inbox(r.PathValue("config")))
	if err != nil {
		return "", nil, err
	}
	book, err := f.Accounts.Book(ctx, in.Tenant)
	if err != nil {
		return in.Tenant, nil, err
	}
	lang := r.URL.Query().Get("lang")
	if lang == "" {
		lang = r.Header.Get("Accept-Language")
	}
	return in.Tenant, counterOf(in, book.Tenant.Number, robot.Language(lang)), nil
}

func counterOf(in account.Inbox, number int64, lang string) object {
	c := in.Settings.Calls.Counter
	return object{"tenantId": number, "configId": in.ID, "configName": in.Name,
		"channel":          object{"appKey": org + "#" + appName(number), "orgName": org, "appName": appName(number), "to": serviceNumber + string(in.ID)},
		"functionSettings": object{"skipWaitingPage": c.SkipWaiting, "visitorCameraOff": c.CameraOff},
		"styleSettings":    object{"waitingPrompt": c.Waiting.In(lang), "callingPrompt": c.Calling.In(lang), "endingPrompt": c.Ending.In(lang)}}
}

// word is a text that may come as a number; null is "".
type word string

// UnmarshalJSON implements json.Unmarshaler.
func (w *word) UnmarshalJSON(b []byte) error {
	s := strings.TrimSpace(string(b))
	switch {
	case s == "null":
		*w = ""
		return nil
	case strings.HasPrefix(s, `"`):
		var text string
		err := json.Unmarshal(b, &text)
		*w = word(strings.TrimSpace(text))
		return err
	}
	if _, err := strconv.ParseFloat(s, 64); err != nil {
		return faultParam
	}
	*w = word(s)
	return nil
}

// videoVisit is what an invitation to the independent video client says.
type videoVisit struct {
	Source  word `json:"source"`
	Task    word `json:"taskId"`
	Queue   word `json:"queueId"`
	Agent   word `json:"agentUserId"`
	Name    word `json:"inviteeVisitorName"`
	Related word `json:"relatedSessionId"`
	// Visitor is that of Related. Whose that is counts, not what is said of it.
	Visitor word `json:"relatedVisitorUserId"`
}

// readVideoVisit reads the invitation of a message; ok is false if it is none.
func readVideoVisit(raw json.RawMessage) (v videoVisit, ok bool, err error) {
	var e struct {
		Target  string          `json:"targetSystem"`
		Session json.RawMessage `json:"sessionExt"`
	}
	if !invites(raw) || json.Unmarshal(raw, &e) != nil || e.Target != vecTarget {
		return v, false, nil
	}
	if len(e.Session) > 0 && json.Unmarshal(e.Session, &v) != nil {
		return v, true, faultParam
	}
	return v, true, nil
}

// input is what the visitor asks with in a conversation.
func (v videoVisit) input(c id.Conversation, own bool) calls.AskInput {
	return calls.AskInput{Conversation: c, Source: string(v.Source), Task: string(v.Task), Related: id.Conversation(v.Related), Own: own}
}

// fitsVideo refuses an invitation that would be refused once its message is taken.
func (f *Front) fitsVideo(raw json.RawMessage) error {
	v, ok, err := readVideoVisit(raw)
	if err != nil || !ok {
		return err
	}
	return f.Video.Admits(actor.Actor{Kind: actor.Visitor}, v.input("", false))
}

// wishVideo lets an invitation choose a team or agent for the conversation that it
// begins; those that the company does not have are no wishes.
func wishVideo(m *intake.Incoming) {
	if v, ok, err := readVideoVisit(m.Ext); ok && err == nil {
		m.Channel, m.Team, m.Agent, m.Name = vecChannel, id.Team(v.Queue), id.Agent(v.Agent), string(v.Name)
	}
}

// askVideo asks for the call of an invitation. A robot holds no calls: people take over.
func (f *Front) askVideo(ctx context.Context, got intake.Received, v videoVisit) error {
	c := got.Conversation
	if c.Agent.Robot() {
		if err := f.toHuman(ctx, c.Tenant, c.Visitor, c.ID); err != nil {
			return err
		}
	}
	_, err := f.Video.Ask(ctx, got.Visitor.Actor(), v.input(c.ID, got.Created))
	switch errs.ReasonOf(err) {
	case "conversation_closed", "call_running":
		return nil // what was repeated too late, and a call that goes on
	}
	return err
}

// rtcSession names a session and its visitor.
func rtcSession(p party, c id.Conversation, kind int) object {
	return object{"tenantId": p.number, "rtcSessionId": c, "visitorUserId": p.visitor, "callType": kind}
}

// calledBack reports whether a line begins a call back of a visitor who asked for one.
func calledBack(l *conversation.Line) bool {
	return l != nil && l.Name == conversation.LineCalled && l.Asked && l.ByAgent != ""
}

// refusedRinging reports whether a line tells that the agent declined such a call.
func refusedRinging(l *conversation.Line) bool {
	return l.Name == conversation.LineCallEnded && l.Asked && l.ByAgent != "" && l.Reason == calls.Declined
}

// outbound tells a page of the session before it is called back.
func (p party) outbound(m conversation.Message) object {
	return p.media(m.Conversation, object{"rtcSession": rtcSession(p, m.Conversation, outbound)}, m.At.UnixMilli())
}

// media is a message that has a part about video only.
func (p party) media(c id.Conversation, kinds object, at int64) object {
	return object{"from": serviceNumber + string(p.inbox), "to": p.name, "bodies": []object{{"type": "txt", "msg": ""}}, "ext": object{"type": mediaType, "msgtype": kinds,
		"weichat": object{"service_session": object{"serviceSessionId": c}}}, "timestamp": at}
}

// vecWaiting tells a visitor's place while it waits for somebody to take the session.
func (f *Front) vecWaiting(ctx context.Context, c *visitorCall) (any, error) {
	talk, err := f.own(ctx, c)
	if err != nil {
		return nil, err
	}
	if _, err = f.Video.Requested(ctx, c.Visitor.Actor(), talk.ID); err != nil {
		return nil, err
	}
	if talk.Status != conversation.Queued {
		return object{"waitingFlag": false, "visitorWaitingNumber": 0}, nil
	}
	place, err := f.Routing.Place(ctx, talk.Tenant, talk.ID)
	return object{"waitingFlag": true, "visitorWaitingNumber": max(place, 0)}, err
}

// vecTicket lets a page into the call that goes on.
func (f *Front) vecTicket(ctx context.Context, c *visitorCall) (any, error) {
	who := c.Visitor.Actor()
	got, ok, err := f.Video.Running(ctx, who, id.Conversation(c.PathValue("id")))
	if err == nil && !ok {
		err = faultNothing
	}
	if err != nil {
		return nil, err
	}
	in, err := f.Video.Join(ctx, who, got.ID)
	if err != nil {
		return nil, err
	}
	p, err := f.partyOf(ctx, c.Known)
	return object{"rtcSessionId": got.Conversation, "visitorTicket": mediaTicket(p, got.Number, in.Ticket, got.AgentName), "agentTicket": agentTicket(got.AgentName)}, err
}

// videoOver reports whether a conversation was begun for a video call, and whether that
// is over.
func (f *Front) videoOver(ctx context.Context, c conversation.Conversation) (video, over bool, err error) {
	system := actor.ForSystem(c.Tenant)
	r, err := f.Video.Requested(ctx, system, c.ID)
	if errs.CodeOf(err) == errs.NotFound {
		return false, false, nil
	}
	if err != nil || !r.Own || r.AnsweredAt.IsZero() {
		return r.Own, false, err
	}
	_, running, err := f.Video.Running(ctx, system, c.ID)
	return true, !running, err
}

// enquiryInvite asks for a rating: the answers by their points, and what may be ticked
// with each.
func (f *Front) enquiryInvite(p party, k visitor.Known, c conversation.Conversation, form setting.Survey) object {
	lang := robot.Language(k.Visitor.Locale)
	levels, options, tags := form.LevelList(), []object{}, object{}
	for n := 1; n <= intake.Degrees; n++ {
		code, list := intake.LevelOf(levels, n), []object{}
		for _, l := range levels {
			if l.Code != code {
				continue
			}
			options = append(options, object{"optionName": l.Text.In(lang), "optionValue": strconv.Itoa(n)})
			for _, r := range form.ReasonList() {
				if l.Reasons {
					list = append(list, object{"id": r.Code, "tagName": r.Text.In(lang)})
				}
			}
		}
		tags[strconv.Itoa(n)] = list
	}
	return p.media(c.ID, object{"enquiryInvite": object{"tenantId": p.number, "rtcSessionId": c.ID, "visitorUserId": c.Visitor, "enquiryOptions": options, "enquiryTags": tags}},
		f.Clock.Now().UnixMilli())
}

// tagData names what was ticked: an id, or an object with one.
type tagData string

// UnmarshalJSON implements json.Unmarshaler.
func (t *tagData) UnmarshalJSON(b []byte) error {
	var o struct {
		ID word `json:"id"`
	}
	if strings.HasPrefix(strings.TrimSpace(string(b)), "{") {
		err := json.Unmarshal(b, &o)
		*t = tagData(o.ID)
		return err
	}
	return (*word)(t).UnmarshalJSON(b)
}

// vecRate takes the rating of a session.
func (f *Front) vecRate(ctx context.Context, c *visitorCall) (any, error) {
	var in struct {
		Session string    `json:"rtcSessionId"`
		Visitor string    `json:"visitorUserId"`
		Score   int       `json:"score"`
		Comment string    `json:"comment"`
		Tags    []tagData `json:"tagData"`
	}
	if err := decode(c.body, &in); err != nil {
		return nil, err
	}
	named := c.PathValue("id")
	if in.Score < 1 || in.Score > intake.Degrees || strings.TrimSpace(in.Session) == "" || named != "" && named != in.Session ||
		in.Visitor != "" && in.Visitor != string(c.Visitor.ID) && !strings.EqualFold(in.Visitor, c.Identity.Username) {
		return nil, faultParam
	}
	who := c.Visitor.Actor()
	r, err := f.Video.Requested(ctx, who, id.Conversation(in.Session))
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	a := survey.Answer{Level: intake.LevelOf(book.Inboxes[c.Visitor.Inbox].Settings.Survey.LevelList(), in.Score), Comment: in.Comment}
	for _, t := range in.Tags {
		a.Reasons = append(a.Reasons, string(t))
	}
	_, err = f.Surveys.Answer(ctx, who, r.Conversation, a)
	return nil, err
}
