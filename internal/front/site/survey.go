package site

import (
	"html/template"
	"net/http"
	"slices"

	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/setting"
	"parlor/internal/survey"
)

// surveyCookie proves that this browser gave the answer of a link.
const surveyCookie = "parlor_survey"

// surveyTexts are the texts of the page behind a survey link.
type surveyTexts struct{ Lang, Title, Lead, Why, Comment, Send, Thanks, Change, Used, Gone string }

var surveyPages = map[string]surveyTexts{
	"en":    {"en", "How was our service?", "Please rate the conversation.", "What could be better?", "Anything else?", "Send", "Thank you for your answer.", "You can change it for 24 hours.", "This link has been used. Thank you for your answer.", "This link is not valid any more."},
	"zh-CN": {"zh-CN", "请评价我们的服务", "请您对本次服务做出评价。", "哪些方面需要改进？", "您的建议", "提交", "感谢您的评价。", "24 小时内可以修改。", "此链接已使用，感谢您的评价。", "此链接已失效。"},
	"pt-BR": {"pt-BR", "Como foi nosso atendimento?", "Por favor, avalie este atendimento.", "O que pode melhorar?", "Algo mais?", "Enviar", "Obrigado pela resposta.", "Você pode alterá-la por 24 horas.", "Este link já foi usado. Obrigado pela resposta.", "Este link não é mais válido."},
}

var surveyPage = template.Must(template.New("survey").Parse(pageHead + `<h1>{{.T.Title}}</h1>
{{with .Said}}<p role="status">{{.}}</p>{{end}}{{if .Show}}<p>{{.Lead}}</p>
<form method="post">{{with .Error}}<p class="bad" role="alert">{{.}}</p>{{end}}
<fieldset style="border:0;padding:0;margin:0;display:grid;gap:8px"><legend style="padding:0;margin-bottom:8px">{{.T.Title}}</legend>{{range .Levels}}
<label style="display:flex;gap:8px;align-items:center"><input type="radio" name="level" value="{{.Code}}" required{{if .On}} checked{{end}}>{{.Text}}</label>{{end}}</fieldset>
{{if .Reasons}}<fieldset style="border:0;padding:0;margin:0;display:grid;gap:8px"><legend style="padding:0;margin-bottom:8px">{{.T.Why}}</legend>{{range .Reasons}}
<label style="display:flex;gap:8px;align-items:center"><input type="checkbox" name="reason" value="{{.Code}}"{{if .On}} checked{{end}}>{{.Text}}</label>{{end}}</fieldset>{{end}}
{{if .Comments}}<label>{{.T.Comment}}<textarea name="comment" rows="4" maxlength="1000" style="font:inherit;padding:8px 12px;border:1px solid var(--line);border-radius:8px;background:var(--canvas);color:var(--ink)">{{.Comment}}</textarea></label>{{end}}
<button>{{.T.Send}}</button></form>{{end}}</main></body></html>`))

type choice struct {
	Code, Text string
	On         bool
}

// survey adds the page behind the signed link of a survey.
func (s *Site) survey(mux *http.ServeMux) {
	mux.HandleFunc("GET /survey/{link}", func(w http.ResponseWriter, r *http.Request) { s.showSurvey(w, r, "", nil) })
	mux.HandleFunc("POST /survey/{link}", s.answerSurvey)
}

func editOf(r *http.Request) string {
	c, err := r.Cookie(surveyCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// showSurvey shows the form, or what became of it. said is told first.
func (s *Site) showSurvey(w http.ResponseWriter, r *http.Request, edit string, failed error) {
	lang := httpx.Language(r.Header.Get("Accept-Language"))
	t := surveyPages[lang]
	said := ""
	if edit != "" {
		said = t.Thanks + " " + t.Change
	} else {
		edit = editOf(r)
	}
	o, err := s.Surveys.Open(r.Context(), r.PathValue("link"), edit)
	if err != nil {
		httpx.LogInternal(s.Log, r, err)
		s.render(w, surveyPage, errs.Status(err), map[string]any{"T": t, "Title": t.Title, "Said": t.Gone})
		return
	}
	data := map[string]any{"T": t, "Title": t.Title, "Said": said, "Show": o.Editable, "Lead": lead(o.Form.Text.In(lang), t.Lead), "Comments": !o.Form.NoComment, "Comment": o.Survey.Comment}
	if !o.Editable {
		data["Said"] = lead(o.Form.Thanks.In(lang), t.Used)
	}
	if failed != nil {
		data["Error"] = errs.MessageOf(failed)
	}
	data["Levels"], data["Reasons"] = choices(o.Form, o.Survey, lang)
	s.render(w, surveyPage, errs.Status(failed), data)
}

func lead(own, builtin string) string {
	if own != "" {
		return own
	}
	return builtin
}

func choices(form setting.Survey, v survey.Survey, lang string) (levels, reasons []choice) {
	for _, l := range form.LevelList() {
		levels = append(levels, choice{l.Code, l.Text.In(lang), l.Code == v.Level})
	}
	for _, x := range form.ReasonList() {
		reasons = append(reasons, choice{x.Code, x.Text.In(lang), slices.Contains(v.Reasons, x.Code)})
	}
	return levels, reasons
}

func (s *Site) answerSurvey(w http.ResponseWriter, r *http.Request) {
	err := s.Calls.Take("survey " + s.Clients.Of(r))
	edit := ""
	if err == nil {
		a := survey.Answer{Level: r.PostFormValue("level"), Comment: r.PostFormValue("comment")}
		a.Reasons = r.PostForm["reason"]
		_, edit, err = s.Surveys.AnswerLink(r.Context(), r.PathValue("link"), editOf(r), a)
	}
	if err != nil {
		httpx.LogInternal(s.Log, r, err)
		s.showSurvey(w, r, "", err)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: surveyCookie, Value: edit, Path: r.URL.Path, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: s.Clients.Secure(r), MaxAge: int(survey.EditFor.Seconds())})
	s.showSurvey(w, r, edit, nil)
}
