package uckefu

import (
	"net/http"
	"strings"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/visitor"
)

// suggestion is an item of the contract's suggest lists.
type suggestion struct {
	MsgType  string `json:"msgtype"`
	ID       string `json:"id"`
	Title    string `json:"title"`
	Content  string `json:"content"`
	Type     string `json:"type"`
	Duration int    `json:"duration"`
}

// suggestions is /im/suggest/pc/{appid} and /im/suggest/mobile/{appid}: what a
// visitor who types `q` is offered, as a bare list.
func (f *Front) suggestions(w http.ResponseWriter, r *http.Request) error {
	list, err := f.suggest(r)
	if err == nil {
		httpx.JSON(w, http.StatusOK, list)
	}
	return err
}

// suggestionsOf is the same for apps, in the envelope of the REST calls.
func (f *Front) suggestionsOf(w http.ResponseWriter, r *http.Request, _ account.Inbox) error {
	list, err := f.suggest(r)
	if err != nil {
		return err
	}
	return ok(w, list)
}

func (f *Front) suggest(r *http.Request) ([]suggestion, error) {
	if device := r.PathValue("device"); device != "pc" && device != "mobile" {
		return nil, errs.New(errs.NotFound, "not_found", "There is no such page.")
	}
	inbox, err := f.Accounts.Inbox(r.Context(), id.Inbox(strings.TrimSuffix(r.PathValue("appid"), ".html")))
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(r.Context(), inbox.Tenant)
	if err != nil {
		return nil, err
	}
	lang := first(locale(r), setting.Languages[0])
	got, err := f.Canned.Suggest(r.Context(), inbox.Tenant, book.Tenant.Name, lang, r.FormValue("q"), suggested)
	list := make([]suggestion, 0, len(got))
	for _, s := range got {
		list = append(list, suggestion{MsgType: "text", ID: s.ID, Title: s.Title, Content: toHTML(s.Text), Type: "suggest"})
	}
	return list, err
}

// suggested is how many suggestions a page gets.
const suggested = 5

// introduce is /im/chatoperainit: the host page says whom it knows its visitor
// to be. It answers "usc" if the person is known, else makes it known and answers
// "ok"; a site that serves known persons only, or whitelist_mode, makes nobody
// known. What the page says is no proof of identity: it names the visitor of this
// browser, who is bound to userid and session as everywhere, and nobody else.
func (f *Front) introduce(w http.ResponseWriter, r *http.Request) error {
	inbox, err := f.Accounts.Inbox(r.Context(), id.Inbox(first(r.FormValue("appid"), string(account.MainInbox))))
	if err != nil {
		return err
	}
	about := []string{}
	for _, name := range []string{"company_name", "system_name", "uid", "cid", "sid"} {
		if v := strings.TrimSpace(r.FormValue(name)); v != "" {
			about = append(about, name+": "+v)
		}
	}
	browser, os, mobile := httpx.UserAgent(r.UserAgent())
	fresh := !inbox.Settings.KnownOnly && r.FormValue("whitelist_mode") != "true"
	known, err := f.Visitors.Introduce(r.Context(), r.FormValue("userid"), first(r.FormValue("sessionid"), r.FormValue("session")), visitor.Visitor{Tenant: inbox.Tenant,
		Inbox: inbox.ID, Name: r.FormValue("username"), Memo: strings.Join(about, ", "), IP: f.Clients.Of(r), OS: os, Browser: browser, Mobile: mobile, Locale: locale(r)}, fresh)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	word := "ok"
	if known {
		word = "usc"
	}
	_, _ = w.Write([]byte(word)) // the client has gone if this fails
	return nil
}
