package uckefu

import (
	"context"
	"html"
	"io"
	"net/http"
	"strconv"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/leave"
	"parlor/internal/online"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// visitorCookie proves to our own pages who the visitor is.
const visitorCookie = "parlor_visitor"

// begin is what the chat page starts with; the widget's panel reads it.
type begin struct {
	Inbox    id.Inbox     `json:"inbox"`
	Name     string       `json:"name"`
	Origin   string       `json:"origin"`
	Color    string       `json:"color,omitempty"`
	Greeting setting.Text `json:"greeting,omitempty"`
	Locale   string       `json:"locale"`
	Token    string       `json:"token"`
	Page     beginPage    `json:"page"`
	// LvType is why a message is left instead of a chat: noagent, notinworktime or full.
	LvType  string     `json:"lvtype,omitempty"`
	Team    id.Team    `json:"team,omitempty"`
	Agent   id.Agent   `json:"agent,omitempty"`
	Product *beginCard `json:"product,omitempty"`
}

type beginPage struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

// beginCard is the product that a visitor looks at, as the page names it.
type beginCard struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name,omitempty"`
	About string `json:"about,omitempty"`
	Image string `json:"image,omitempty"`
	URL   string `json:"url,omitempty"`
}

// index is /im/index: the chat, or the leave-message page if nobody can talk. The
// visitor is recognised by the ids of the page; whom the company does not serve
// is refused.
func (f *Front) index(w http.ResponseWriter, r *http.Request) {
	if err := f.chatPage(w, r); err != nil {
		httpx.LogInternal(f.Log, r, err)
		w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
		http.Error(w, errs.MessageOf(err), errs.Status(err))
	}
}

func (f *Front) chatPage(w http.ResponseWriter, r *http.Request) error {
	if err := f.Calls.Take("arrive " + f.Clients.Of(r)); err != nil {
		return err
	}
	if r.FormValue("userid") == "" {
		// A plain link: the entry page finds out who the browser is.
		q := r.URL.Query()
		appid := first(q.Get("appid"), string(account.MainInbox))
		q.Del("appid")
		http.Redirect(w, r, "/im/text/"+appid+"?"+q.Encode(), http.StatusFound)
		return nil
	}
	v, inbox, err := f.arrive(r)
	if err != nil {
		return err
	}
	page := beginPage{r.FormValue("url"), r.FormValue("title")}
	if err := f.Visit.Online.Seen(r.Context(), online.Look{Tenant: v.Tenant, Visitor: v.ID, Inbox: inbox.ID, URL: page.URL, Title: page.Title, IP: v.IP}); err != nil {
		return err
	}
	if _, err := f.Visit.Invites.Answer(r.Context(), v.Actor(), "", true); err != nil && errs.CodeOf(err) != errs.NotFound {
		return err
	}
	b := begin{Inbox: inbox.ID, Name: inbox.Name, Origin: f.base(r), Color: inbox.Settings.Color, Greeting: inbox.Settings.Greeting,
		Locale: httpx.Language(r.Header.Get("Accept-Language")), Token: f.Visitors.Token(v), Page: page, Team: id.Team(r.FormValue("skill")), Agent: id.Agent(r.FormValue("agent"))}
	if b.LvType, err = f.leaveType(r.Context(), v, b.Team); err != nil {
		return err
	}
	if r.FormValue("product") != "" || r.FormValue("pid") != "" {
		b.Product = &beginCard{ID: r.FormValue("pid"), Name: r.FormValue("product"), About: r.FormValue("description"), Image: webAddress(r.FormValue("imgurl")), URL: webAddress(r.FormValue("purl"))}
	}
	w.Header().Set("X-Leave-Type", b.LvType) // for apps, which do not read the page
	if !f.Built {
		return errs.New(errs.Unavailable, "not_built", "The web applications are not built into this binary. Run: make build")
	}
	http.SetCookie(w, &http.Cookie{Name: visitorCookie, Value: b.Token, Path: "/im", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: f.Clients.Secure(r), MaxAge: 86400})
	frames := "*"
	if len(inbox.Settings.Origins) > 0 {
		frames = "'self' " + strings.Join(inbox.Settings.Origins, " ")
	}
	ads, err := f.adverts(inbox, b.Locale)
	if err != nil {
		return err
	}
	return httpx.PanelPage(w, f.Files, httpx.Panel{Policy: httpx.PagePolicy(r, frames), Begin: b, Beside: ads})
}

// webAddress keeps http and https addresses only.
func webAddress(s string) string {
	if len(s) <= 1000 && (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")) {
		return s
	}
	return ""
}

// leaveType is the contract's word for why a visitor can only leave a message, ""
// if somebody can talk or a conversation is running.
func (f *Front) leaveType(ctx context.Context, v visitor.Visitor, team id.Team) (string, error) {
	_, err := f.Conversations.Active(ctx, v.Tenant, v.ID)
	if err == nil || errs.CodeOf(err) != errs.NotFound {
		return "", err
	}
	door, err := f.Routing.Door(ctx, v.Tenant, v.Inbox, team, v.ID)
	if err != nil {
		return "", err
	}
	there, err := f.Accounts.AnyoneThere(ctx, v.Tenant)
	switch {
	case err != nil:
		return "", err
	case door.Refused != "":
		return door.Refused, nil
	case !there && door.Robot == nil:
		return "noagent", nil
	}
	return "", nil
}

// legacyFields are the answers of the contract's leave-message form.
var legacyFields = []string{"name", "phone", "email", "address", "qq", "content"}

// leaveMessage is /im/leavemsg/save. Each message stands by itself.
func (f *Front) leaveMessage(w http.ResponseWriter, r *http.Request) {
	err := f.Leaving.Take("ip " + f.Clients.Of(r))
	var v visitor.Visitor
	if err == nil {
		v, _, err = f.arrive(r)
	}
	if err == nil {
		err = f.leaveFor(r, v)
	}
	if err != nil {
		f.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	_, _ = io.WriteString(w, "<!doctype html><meta charset=\"utf-8\"><p>"+html.EscapeString(thanks[httpx.Language(r.Header.Get("Accept-Language"))])+"</p>") // the client has gone if this fails
}

var thanks = map[string]string{"zh-CN": "留言已提交，我们会尽快与您联系。", "en": "Thank you. We will get back to you.", "pt-BR": "Obrigado. Entraremos em contato."}

func (f *Front) leaveFor(r *http.Request, v visitor.Visitor) error {
	answers := map[string]string{}
	for _, name := range legacyFields {
		if got := r.FormValue(name); got != "" {
			answers[name] = got
		}
	}
	if answers["phone"] == "" && r.FormValue("mobile") != "" {
		answers["phone"] = r.FormValue("mobile")
	}
	lv, err := f.leaveType(r.Context(), v, "")
	if err != nil {
		return err
	}
	_, err = f.Visit.Leaves.Leave(r.Context(), v.Actor(), leave.Input{Answers: answers, Known: legacyFields, Reason: leaveReasons[lv], URL: r.FormValue("url"), Title: r.FormValue("title")})
	return err
}

var leaveReasons = map[string]string{"noagent": "nobody", routing.RefusedClosed: "closed", routing.RefusedFull: "queue_full"}

// owner finds the visitor who may rate: by the cookie or token of our pages, or by
// userid and session as at the connect.
func (f *Front) owner(r *http.Request) (actor.Actor, error) {
	token := first(r.FormValue("authorization"), r.Header.Get("Authorization"))
	if c, err := r.Cookie(visitorCookie); token == "" && err == nil {
		token = c.Value
	}
	if token != "" {
		return f.Visitors.Authenticate(strings.TrimPrefix(token, "Bearer "))
	}
	if first(r.FormValue("session"), r.FormValue("sessionid")) == "" {
		return actor.Actor{}, errs.New(errs.Unauthenticated, "unauthenticated", "The request does not say who rates.")
	}
	v, _, err := f.arrive(r)
	return v.Actor(), err
}

// rate is /im/satis: the id of a dialogue alone is no proof; the visitor's own
// session, or the signed token of a survey link, is.
func (f *Front) rate(w http.ResponseWriter, r *http.Request) {
	err := f.Calls.Take("arrive " + f.Clients.Of(r))
	if err == nil {
		err = f.keepRating(r)
	}
	if err != nil {
		f.refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (f *Front) keepRating(r *http.Request) error {
	comment := []rune(r.FormValue("satiscomment"))
	a := survey.Answer{Level: r.FormValue("satislevel"), Comment: string(comment[:min(len(comment), 255)])}
	for part := range strings.SplitSeq(r.FormValue("satisitem"), ",") {
		if part != "" {
			a.Reasons = append(a.Reasons, part)
		}
	}
	if link := r.FormValue("token"); link != "" {
		_, _, err := f.Visit.Surveys.AnswerLink(r.Context(), link, "", a)
		return err
	}
	who, err := f.owner(r)
	if err != nil {
		return err
	}
	_, err = f.Visit.Surveys.Answer(r.Context(), who, id.Conversation(r.FormValue("id")), a)
	return err
}

// voice is /im/voice/upload: a voice message of a visitor whose page is open.
func (f *Front) voice(w http.ResponseWriter, r *http.Request) {
	err := f.keepVoice(r)
	answer := uploadAnswer{}
	if err != nil {
		httpx.LogInternal(f.Log, r, err)
		answer = uploadAnswer{Error: 1, Message: errs.MessageOf(err)}
	}
	httpx.JSON(w, errs.Status(err), answer)
}

func (f *Front) keepVoice(r *http.Request) error {
	ctx, q, ip := r.Context(), r.URL.Query(), f.Clients.Of(r)
	if err := f.Calls.Take("upload " + ip); err != nil {
		return err
	}
	v, found := f.page(id.Inbox(first(q.Get("appid"), string(account.MainInbox))), q.Get("userid"), ip)
	if !found {
		return errs.New(errs.Forbidden, "not_admitted", "The visitor has no open page.")
	}
	part, name, err := filePart(r, "voice")
	if err != nil {
		return err
	}
	file, err := f.Media.Save(ctx, v.Actor(), name, part)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(file.Type, "audio/") && file.Type != "video/webm" && file.Type != "application/ogg" {
		return errs.Field("voice", "not_a_recording", "The file %q is not a recording.", file.Name)
	}
	ms, _ := strconv.Atoi(q.Get("duration")) // without a length the player finds out
	a, err := f.Routing.Admit(ctx, v.Actor(), conversation.StartInput{Channel: "web", Address: ip, Fingerprint: v.External})
	if err != nil {
		return err
	}
	_, err = f.Conversations.Post(ctx, v.Actor(), conversation.PostInput{Conversation: a.Conversation.ID, Kind: conversation.Voice, File: file.ID, Duration: max(ms, 0)})
	return err
}

// css is /res/css: the colours of a site for pages that link it.
func (f *Front) css(w http.ResponseWriter, r *http.Request) {
	color := setting.DefaultColor
	if inbox, err := f.Accounts.Inbox(r.Context(), id.Inbox(first(r.FormValue("appid"), string(account.MainInbox)))); err == nil && inbox.Settings.Color != "" {
		color = inbox.Settings.Color
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = io.WriteString(w, ":root{--ukefu-color:"+color+";--ukefu-ink:"+wire.Ink(color)+"}.theme1{background-color:"+color+"!important;color:"+wire.Ink(color)+"!important}\n") // the client has gone if this fails
}
