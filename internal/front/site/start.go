package site

import (
	"crypto/subtle"
	"html/template"
	"net/http"

	"parlor/internal/errs"
	"parlor/internal/front/httpx"
)

// startTexts are the texts of the start and set-up pages, by language.
type startTexts struct {
	Lang, Title, Lead, Shop, ShopDo, Console, ConsoleDo, Docs, DocsDo, Logins, Name, Role, Email, Password string
	SetupTitle, SetupLead, SetupDo                                                                         string
}

var startPages = map[string]startTexts{
	"en": {"en", "Parlor is running", "Open the shop in one window and the console in another, and talk to yourself.", "1. Be the visitor",
		"Open the demo shop and write to it.", "2. Be the agent", "Log in to the console and answer.", "3. Build on it", "Read the API.", "Demo logins",
		"Name", "Role", "E-mail", "Password", "Set up Parlor", "Create the first administrator.", "Create"},
	"zh-CN": {"zh-CN", "Parlor 会客厅已启动", "在一个窗口打开商店，在另一个窗口打开坐席工作台，体验一次完整的对话。", "1. 扮演访客",
		"打开演示商店，发一条消息。", "2. 扮演客服", "登录工作台，回复访客。", "3. 二次开发", "查看接口文档。", "演示账号", "姓名", "角色", "邮箱", "密码",
		"初始化 Parlor", "创建第一个管理员。", "创建"},
	"pt-BR": {"pt-BR", "O Parlor está no ar", "Abra a loja em uma janela e o console em outra e converse com você mesmo.", "1. Seja o visitante",
		"Abra a loja de demonstração e escreva.", "2. Seja o atendente", "Entre no console e responda.", "3. Integre", "Leia a API.", "Acessos da demonstração",
		"Nome", "Papel", "E-mail", "Senha", "Configurar o Parlor", "Crie o primeiro administrador.", "Criar"},
}

const pageHead = `<!doctype html><html lang="{{.T.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title>
<style>
:root{color-scheme:light dark;--canvas:light-dark(#f4f6fa,#12151b);--surface:light-dark(#fff,#1b1f27);--line:light-dark(#dde2ea,#323946);--ink:light-dark(#1a1f29,#eceff4);--ink2:light-dark(#4b5565,#aab3c2);--accent:#2457e6;--link:light-dark(#1d4ed8,#93b4ff)}
*{box-sizing:border-box}body{margin:0;background:var(--canvas);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC","Noto Sans CJK SC",sans-serif}
main{max-width:960px;margin:0 auto;padding:64px 20px}h1{font-size:30px;line-height:1.25;margin:0 0 8px}p{color:var(--ink2);margin:0 0 32px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(220px,1fr));gap:16px;margin-bottom:40px}
.card{display:block;background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:20px;text-decoration:none;color:inherit}
.card:hover,.card:focus-visible{border-color:var(--accent);outline:none;box-shadow:0 0 0 1px var(--accent)}.card b{display:block;margin-bottom:4px;color:var(--link)}.card span{color:var(--ink2)}
.wrap{overflow-x:auto}table{border-collapse:collapse;width:100%;background:var(--surface);border:1px solid var(--line);border-radius:12px}th,td{text-align:left;padding:10px 14px;border-top:1px solid var(--line)}thead th{border-top:0;color:var(--ink2);font-weight:500;font-size:14px}
code{font:14px ui-monospace,Menlo,Consolas,monospace}h2{font-size:18px;margin:0 0 12px}
form{display:grid;gap:14px;max-width:380px;background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:24px}label{display:grid;gap:4px;font-size:14px;color:var(--ink2)}
input{font:inherit;padding:8px 12px;border:1px solid var(--line);border-radius:8px;background:var(--canvas);color:var(--ink)}button{font:inherit;font-weight:600;padding:10px;border:0;border-radius:8px;background:var(--accent);color:#fff;cursor:pointer}.bad{color:light-dark(#b42318,#ff9b8f);margin:0}
</style></head><body><main>`

var startPage = template.Must(template.New("start").Parse(pageHead + `
<h1>{{.T.Title}}</h1><p>{{.Start.Company}} · {{.T.Lead}}</p>
<nav class="cards"><a class="card" href="/demo/" target="_blank"><b>{{.T.Shop}}</b><span>{{.T.ShopDo}}</span></a>
<a class="card" href="/console/" target="_blank"><b>{{.T.Console}}</b><span>{{.T.ConsoleDo}}</span></a>
<a class="card" href="/api/parlor/docs" target="_blank"><b>{{.T.Docs}}</b><span>{{.T.DocsDo}}</span></a></nav>
<h2>{{.T.Logins}}</h2><div class="wrap"><table><thead><tr><th>{{.T.Name}}</th><th>{{.T.Role}}</th><th>{{.T.Email}}</th><th>{{.T.Password}}</th></tr></thead>
{{range .Start.Logins}}<tr><td>{{.Name}}</td><td>{{.Role}}</td><td><code>{{.Email}}</code></td><td><code>{{.Password}}</code></td></tr>{{end}}</table></div></main></body></html>`))

var setupPage = template.Must(template.New("setup").Parse(pageHead + `
<h1>{{.T.SetupTitle}}</h1><p>{{.T.SetupLead}}</p><form method="post" action="/setup"><input type="hidden" name="token" value="{{.Token}}">
{{with .Error}}<p class="bad" role="alert">{{.}}</p>{{end}}
<label>{{.T.Name}}<input name="name" required maxlength="100" autocomplete="name" value="{{.Name}}"></label>
<label>{{.T.Email}}<input name="email" type="email" required maxlength="254" autocomplete="email" value="{{.Email}}"></label>
<label>{{.T.Password}}<input name="password" type="password" required minlength="8" maxlength="200" autocomplete="new-password"></label>
<button>{{.T.SetupDo}}</button></form></main></body></html>`))

func (s *Site) render(w http.ResponseWriter, t *template.Template, status int, data map[string]any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := t.Execute(w, data); err != nil {
		s.Log.Debug("page not written", "error", err)
	}
}

func (s *Site) start(w http.ResponseWriter, r *http.Request) {
	if s.Deps.Start == nil {
		http.Redirect(w, r, "/console/", http.StatusFound)
		return
	}
	t := startPages[httpx.Language(r.Header.Get("Accept-Language"))]
	s.render(w, startPage, http.StatusOK, map[string]any{"T": t, "Title": t.Title, "Start": s.Deps.Start})
}

func (s *Site) allowed(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.SetupToken)) == 1
}

func (s *Site) setupForm(w http.ResponseWriter, r *http.Request) {
	s.showSetup(w, r, http.StatusOK, r.FormValue("token"), nil)
}

func (s *Site) showSetup(w http.ResponseWriter, r *http.Request, status int, token string, err error) {
	if !s.allowed(token) {
		http.NotFound(w, r)
		return
	}
	t := startPages[httpx.Language(r.Header.Get("Accept-Language"))]
	data := map[string]any{"T": t, "Title": t.SetupTitle, "Token": token, "Name": r.FormValue("name"), "Email": r.FormValue("email")}
	if err != nil {
		data["Error"] = errs.MessageOf(err)
	}
	s.render(w, setupPage, status, data)
}

// setup creates the first administrator; afterwards the link does nothing.
func (s *Site) setup(w http.ResponseWriter, r *http.Request) {
	token := r.PostFormValue("token")
	if !s.allowed(token) {
		http.NotFound(w, r)
		return
	}
	_, err := s.Accounts.FirstAdmin(r.Context(), r.PostFormValue("email"), r.PostFormValue("name"), r.PostFormValue("password"))
	if err != nil {
		httpx.LogInternal(s.Log, r, err)
		s.showSetup(w, r, errs.Status(err), token, err)
		return
	}
	http.Redirect(w, r, "/console/", http.StatusSeeOther)
}
