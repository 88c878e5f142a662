package uckefu

import (
	_ "embed" // the script for pages
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/blacklist"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/visitor"
)

//go:embed embed.js
var embedScript string

// passed are the parameters of a page that go on to the chat.
var passed = []string{"orgi", "userid", "id", "title", "aiid", "name", "email", "phone", "memo", "ai", "product", "description", "imgurl", "pid", "purl", "skill", "agent", "type", "exchange", "mobile"}

// entry adds what pages of customers embed and open.
func (f *Front) entry(mux *http.ServeMux) {
	mux.HandleFunc("GET /im/{first}", f.single)
	mux.HandleFunc("GET /im/{first}/{second}", f.double)
	for _, suffix := range []string{"", ".html"} {
		mux.HandleFunc("GET /im/index"+suffix, f.index)
		mux.HandleFunc("GET /im/online"+suffix, f.cross(f.online))
		mux.HandleFunc("GET /im/invited"+suffix, f.cross(f.inviteShown))
		mux.HandleFunc("GET /im/refuse"+suffix, f.cross(f.refuseInvite))
		mux.HandleFunc("POST /im/leavemsg/save"+suffix, f.leaveMessage)
		mux.HandleFunc("POST /im/satis"+suffix, f.rate)
		mux.HandleFunc("POST /im/voice/upload"+suffix, f.voice)
		mux.HandleFunc("GET /res/css"+suffix, f.css)
		mux.HandleFunc("GET /im/chatoperainit"+suffix, f.cross(f.introduce))
		mux.HandleFunc("POST /im/chatoperainit"+suffix, f.cross(f.introduce))
	}
	mux.HandleFunc("GET /res/css/system", f.css)
	mux.HandleFunc("GET "+emoticonPath+"{name}", f.emoticon)
	mux.HandleFunc("GET /im/suggest/{device}/{appid}", f.cross(f.suggestions))
	mux.HandleFunc("GET /api/webim/suggest/{device}/{appid}", f.siteCall(f.suggestionsOf))
	mux.HandleFunc("GET /res/voice/{type}/{id}", f.file)
}

// cross lets pages of other sites read the answer: it holds nothing of a person
// who is known by a cookie.
func (f *Front) cross(fn func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Cache-Control", "no-store")
		if err := f.Calls.Take("arrive " + f.Clients.Of(r)); err != nil {
			f.refuse(w, r, err)
			return
		}
		if err := fn(w, r); err != nil {
			f.refuse(w, r, err)
		}
	}
}

// single serves /im/{appid}: the script for pages.
func (f *Front) single(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.PathValue("first"), ".html")
	if err := f.script(w, r, name, false); err != nil {
		f.refuse(w, r, err)
	}
}

// double serves /im/{appid}/userlist, /im/text/{appid} and /im/point/{appid}.
func (f *Front) double(w http.ResponseWriter, r *http.Request) {
	first, second := r.PathValue("first"), strings.TrimSuffix(r.PathValue("second"), ".html")
	switch {
	case second == "userlist":
		f.cross(func(w http.ResponseWriter, r *http.Request) error { return f.userList(w, r, first) })(w, r)
	case first == "point", first == "entry":
		if err := f.script(w, r, second, first == "entry"); err != nil {
			f.refuse(w, r, err)
		}
	case first == "text":
		f.textEntry(w, r, second)
	default:
		http.NotFound(w, r)
	}
}

// userList answers "in" for a visitor whom the company does not serve.
func (f *Front) userList(w http.ResponseWriter, r *http.Request, appid string) error {
	inbox, err := f.Accounts.Inbox(r.Context(), id.Inbox(appid))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	err = f.Blacklist.Refuse(r.Context(), blacklist.Subject{Tenant: inbox.Tenant, Address: f.Clients.Of(r), Fingerprint: r.FormValue("userid")})
	if errs.CodeOf(err) == errs.Forbidden {
		_, _ = fmt.Fprint(w, "in") // the client has gone if this fails
		return nil
	}
	return err
}

// embedConfig is what the script knows of the site.
type embedConfig struct {
	AppID  id.Inbox             `json:"appid"`
	Orgi   id.Tenant            `json:"orgi"`
	Name   string               `json:"name"`
	Base   string               `json:"base"`
	Lang   string               `json:"lang"`
	UserID string               `json:"userid,omitempty"`
	Color  string               `json:"color"`
	CSS    string               `json:"css"`
	Label  setting.Text         `json:"label,omitempty"`
	Delay  int                  `json:"delay"`
	Text   bool                 `json:"text,omitempty"`
	Full   bool                 `json:"full,omitempty"`
	Trace  bool                 `json:"trace"`
	Visits int                  `json:"visits"`
	Zone   int                  `json:"zone"`
	Invite inviteLook           `json:"invite"`
	Rules  []setting.InviteRule `json:"rules,omitempty"`
	Pass   map[string]string    `json:"pass"`
	// Choice is the list of teams before the chat, Ad the advert of the invitation.
	Choice *choice      `json:"choice,omitempty"`
	Ad     *wire.Advert `json:"ad,omitempty"`
	// Words are those of the box and the button where none are set.
	Words []string `json:"words"`
}

type inviteLook struct {
	setting.Invite
	Ink string `json:"ink"`
}

var embedWords = map[string][]string{
	"zh-CN": {"您好，请问有什么可以帮您？", "现在咨询", "稍后再说", "在线咨询", "请选择咨询的部门", "关闭", "您所在的地区暂无专属客服，点击这里直接咨询"},
	"en":    {"Hello! May we help you?", "Chat now", "Later", "Chat with us", "Whom would you like to talk to?", "Close", "No team serves your region. Chat with us here"},
	"pt-BR": {"Olá! Podemos ajudar?", "Conversar agora", "Mais tarde", "Fale conosco", "Com quem você quer falar?", "Fechar", "Nenhuma equipe atende sua região. Fale conosco aqui"},
}

func (f *Front) script(w http.ResponseWriter, r *http.Request, appid string, text bool) error {
	inbox, err := f.Accounts.Inbox(r.Context(), id.Inbox(appid))
	if err != nil {
		return err
	}
	if err := f.Accounts.InboxSeenOn(r.Context(), inbox, r.Referer()); err != nil {
		f.Log.Error("sighting of an inbox not noted", "inbox", inbox.ID, "error", err) // the page works without it
	}
	conf, err := f.embed(r, inbox, text)
	if err != nil {
		return err
	}
	b, err := json.Marshal(conf)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	_, _ = fmt.Fprintf(w, "window.__ukefu=%s;\n%s", b, embedScript) // the client has gone if this fails
	return nil
}

func (f *Front) embed(r *http.Request, inbox account.Inbox, text bool) (c embedConfig, err error) {
	book, err := f.Accounts.Book(r.Context(), inbox.Tenant)
	if err != nil {
		return c, err
	}
	s := inbox.Settings
	lang := httpx.Language(r.Header.Get("Accept-Language"))
	c = embedConfig{AppID: inbox.ID, Orgi: inbox.Tenant, Name: inbox.Name, Base: f.base(r), Lang: lang, UserID: r.FormValue("userid"), Color: s.Color, Label: s.Look.Label,
		Delay: s.Look.DelayMS, Text: text, Trace: true, Visits: 1, Pass: map[string]string{}, Words: embedWords[lang]}
	if c.Color == "" {
		c.Color = setting.DefaultColor
	}
	for _, name := range passed {
		if v := r.FormValue(name); v != "" && name != "userid" && (name != "skill" || v != "true") {
			c.Pass[name] = v
		}
	}
	c.Invite = inviteLook{Invite: s.Invite, Ink: wire.Ink(first(s.Invite.Color, c.Color))}
	if c.Invite.Rules = nil; s.Invite.Enabled {
		c.Rules = s.Invite.Rules
	}
	_, zone := time.Now().In(book.Service(inbox.ID, "").Hours.Location()).Zone()
	c.Zone = zone / 60
	c.Ad = f.views().AdvertOf(inbox, setting.SlotInvite, c.Base)
	if c.Choice, err = f.choiceFor(r, book, inbox); err != nil {
		return c, err
	}
	c.CSS = "#ukefu-point{all:initial;position:fixed;z-index:2147483000;display:grid;place-items:center;cursor:pointer;box-sizing:border-box;min-height:48px;padding:10px 20px;border-radius:24px;right:20px;bottom:20px;" +
		"background:" + c.Color + ";color:" + wire.Ink(c.Color) + ";font:15px/1.4 system-ui,sans-serif;box-shadow:0 6px 20px rgba(0,0,0,.22)}#ukefu-point:focus-visible{outline:3px solid #fff;box-shadow:0 0 0 6px #1b4fd0}" +
		strings.NewReplacer("button u", "#ukefu-point span", "button", "#ukefu-point", "iframe", "#ukefu-none").Replace(wire.LauncherCSS(s.Look))
	return c, err
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// base is the address of this server as pages reach it.
func (f *Front) base(r *http.Request) string {
	if f.PublicURL != "" {
		return strings.TrimSuffix(f.PublicURL, "/")
	}
	if f.Clients.Secure(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// textEntry is the page of a text link: it finds out who the browser is and goes
// on to the chat.
func (f *Front) textEntry(w http.ResponseWriter, r *http.Request, appid string) {
	inbox, err := f.Accounts.Inbox(r.Context(), id.Inbox(appid))
	if err != nil {
		f.refuse(w, r, err)
		return
	}
	q := r.URL.Query()
	q.Set("text", "1")
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors *")
	_, _ = fmt.Fprintf(w, `<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>%s</title><link rel="icon" href="data:,"><script src="/im/entry/%s?%s" defer></script></head><body></body></html>`,
		html.EscapeString(inbox.Name), url.PathEscape(string(inbox.ID)), html.EscapeString(q.Encode())) // the client has gone if this fails
}

// locale is the language of a request, "" if it names none: the contract's own
// language then.
func locale(r *http.Request) string {
	if accept := r.Header.Get("Accept-Language"); accept != "" {
		return httpx.Language(accept)
	}
	return ""
}

// arrive recognises the visitor of a request by the contract's ids and refuses
// whom the company does not serve.
func (f *Front) arrive(r *http.Request) (v visitor.Visitor, inbox account.Inbox, err error) {
	if inbox, err = f.Accounts.Inbox(r.Context(), id.Inbox(first(r.FormValue("appid"), string(account.MainInbox)))); err != nil {
		return v, inbox, err
	}
	if err = f.foreign(r.Context(), r.FormValue("orgi"), inbox.Tenant); err != nil {
		return v, inbox, err
	}
	browser, os, mobile := httpx.UserAgent(r.UserAgent())
	v, err = f.Visitors.ArriveLegacy(r.Context(), r.FormValue("userid"), first(r.FormValue("session"), r.FormValue("sessionid")), visitor.Visitor{Tenant: inbox.Tenant,
		Inbox: inbox.ID, Name: first(r.FormValue("name"), r.FormValue("nickname")), Email: r.FormValue("email"), Phone: first(r.FormValue("phone"), r.FormValue("mobile")),
		Memo: r.FormValue("memo"), IP: f.Clients.Of(r), OS: os, Browser: browser, Mobile: mobile, Locale: locale(r)})
	if err == nil {
		err = f.Blacklist.Refuse(r.Context(), blacklist.Subject{Tenant: v.Tenant, Visitor: v.ID, Address: v.IP, Fingerprint: v.External})
	}
	return v, inbox, err
}
