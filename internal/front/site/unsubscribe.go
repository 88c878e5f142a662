package site

import (
	"html/template"
	"net/http"

	"parlor/internal/errs"
	"parlor/internal/front/httpx"
)

// unsubscribeTexts are the texts of the page behind a link in a letter to many.
type unsubscribeTexts struct{ Lang, Title, Lead, Send, Done, Gone string }

var unsubscribePages = map[string]unsubscribeTexts{
	"en":    {"en", "Letters to everybody", "You will get no more letters of this kind.", "Unsubscribe", "Done. You will get no more of them.", "This link is not valid."},
	"zh-CN": {"zh-CN", "群发邮件", "退订后您将不再收到此类邮件。", "退订", "已退订，您不会再收到此类邮件。", "此链接无效。"},
	"pt-BR": {"pt-BR", "Mensagens a todos", "Você não receberá mais mensagens deste tipo.", "Cancelar inscrição", "Pronto. Você não receberá mais mensagens deste tipo.", "Este link não é válido."},
}

var unsubscribePage = template.Must(template.New("unsubscribe").Parse(pageHead + `<h1>{{.T.Title}}</h1>
{{with .Said}}<p role="status">{{.}}</p>{{else}}<p>{{.T.Lead}}</p><form method="post"><button>{{.T.Send}}</button></form>{{end}}</main></body></html>`))

// unsubscribe adds that page. Looking at it changes nothing: programs that read
// mail follow links.
func (s *Site) unsubscribe(mux *http.ServeMux) {
	show := func(w http.ResponseWriter, r *http.Request, status int, said func(t unsubscribeTexts) string) {
		t := unsubscribePages[httpx.Language(r.Header.Get("Accept-Language"))]
		s.render(w, unsubscribePage, status, map[string]any{"T": t, "Title": t.Title, "Said": said(t)})
	}
	mux.HandleFunc("GET /mailer/unsubscribe/{reader}/{signature}", func(w http.ResponseWriter, r *http.Request) {
		show(w, r, http.StatusOK, func(unsubscribeTexts) string { return "" })
	})
	mux.HandleFunc("POST /mailer/unsubscribe/{reader}/{signature}", func(w http.ResponseWriter, r *http.Request) {
		err := s.Calls.Take("unsubscribe " + s.Clients.Of(r))
		if err == nil {
			err = s.Circulars.Unsubscribe(r.Context(), r.PathValue("reader"), r.PathValue("signature"))
		}
		if err != nil {
			httpx.LogInternal(s.Log, r, err)
			show(w, r, errs.Status(err), func(t unsubscribeTexts) string { return t.Gone })
			return
		}
		show(w, r, http.StatusOK, func(t unsubscribeTexts) string { return t.Done })
	})
}
