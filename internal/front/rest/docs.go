package rest

import (
	"html/template"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// call is one operation on the readable page.
type call struct {
	Method, Path, Summary, Tag string
	Op                         *huma.Operation
	Auth                       string
	Query                      []*huma.Param
	Body, Answer               string
}

// page serves a readable form of the OpenAPI document, without scripts.
func (a *API) page(w http.ResponseWriter, _ *http.Request) {
	doc := a.huma.OpenAPI()
	byTag := map[string][]call{}
	for path, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op != nil {
				c := describe(doc, method, path, op)
				byTag[c.Tag] = append(byTag[c.Tag], c)
			}
		}
	}
	for _, list := range byTag {
		slices.SortFunc(list, func(a, b call) int {
			if a.Path != b.Path {
				return compare(a.Path, b.Path)
			}
			return compare(a.Method, b.Method)
		})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	if err := docsPage.Execute(w, map[string]any{"Doc": doc, "Tags": byTag, "Schemas": doc.Components.Schemas.Map()}); err != nil {
		a.Log.Debug("page not written", "error", err)
	}
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func describe(_ *huma.OpenAPI, method, path string, op *huma.Operation) call {
	c := call{Method: method, Path: path, Summary: op.Summary, Op: op, Tag: op.Tags[0], Query: op.Parameters, Auth: "none"}
	if len(op.Security) > 0 {
		for name := range op.Security[0] {
			c.Auth = name
		}
	}
	if op.RequestBody != nil {
		c.Body = typeOf(op.RequestBody.Content)
	}
	for status, r := range op.Responses {
		if status[0] == '2' {
			c.Answer = status + " " + typeOf(r.Content)
		}
	}
	return c
}

func typeOf(content map[string]*huma.MediaType) string {
	for kind, m := range content {
		if m.Schema != nil && m.Schema.Ref != "" {
			return m.Schema.Ref[len("#/components/schemas/"):]
		}
		return kind
	}
	return ""
}

var docsPage = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Parlor API</title>
<style>
:root{color-scheme:light dark;--line:light-dark(#dfe3ea,#333a45);--soft:light-dark(#f4f6fa,#1b1f26);--ink2:light-dark(#4a5260,#a9b2c0);--accent:light-dark(#1d4ed8,#8fb0ff)}
body{font:15px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC","Noto Sans CJK SC",sans-serif;max-width:960px;margin:0 auto;padding:32px 20px}
h2{margin-top:40px;border-bottom:1px solid var(--line);padding-bottom:6px;text-transform:capitalize}
details{border:1px solid var(--line);border-radius:8px;margin:8px 0;padding:10px 14px}summary{cursor:pointer}
code{font:13px/1.5 ui-monospace,Menlo,Consolas,monospace}.m{display:inline-block;min-width:56px;font-weight:600;color:var(--accent)}
.s{color:var(--ink2);margin-left:8px}table{border-collapse:collapse;width:100%;margin-top:8px}td,th{text-align:left;padding:4px 8px;border-top:1px solid var(--line);vertical-align:top}
</style></head><body>
<h1>Parlor API</h1><p>{{.Doc.Info.Description}} Version {{.Doc.Info.Version}}. The machine-readable document is <a href="/api/parlor/openapi.json">openapi.json</a>.</p>
{{range $tag, $calls := .Tags}}<h2>{{$tag}}</h2>{{range $calls}}
<details><summary><code><span class="m">{{.Method}}</span> {{.Path}}</code><span class="s">{{.Summary}}</span></summary>
<table><tr><th>Credential</th><td>{{.Auth}}</td></tr>{{range .Query}}<tr><th><code>{{.Name}}</code></th><td>{{.In}}{{if .Required}}, required{{end}}{{with .Description}}: {{.}}{{end}}</td></tr>{{end}}
{{with .Body}}<tr><th>Body</th><td><a href="#{{.}}"><code>{{.}}</code></a></td></tr>{{end}}<tr><th>Answer</th><td><code>{{.Answer}}</code></td></tr></table></details>{{end}}{{end}}
<h2>Objects</h2>{{range $name, $s := .Schemas}}<details id="{{$name}}"><summary><code>{{$name}}</code></summary><table>
{{range $field, $p := $s.Properties}}<tr><th><code>{{$field}}</code></th><td>{{$p.Type}}{{with $p.Format}} ({{.}}){{end}}{{with $p.Ref}}{{.}}{{end}}{{with $p.Description}}: {{.}}{{end}}</td></tr>{{end}}</table></details>{{end}}
</body></html>`))
