package rest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/binding"
	"parlor/internal/id"
	"parlor/internal/setting"
)

type bindingsInput struct {
	After   string   `query:"after" maxLength:"4000" doc:"Cursor of the previous page"`
	Limit   int      `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Flag    string   `query:"flag" maxLength:"512"`
	Visitor string   `query:"visitor" maxLength:"512" doc:"How names begin"`
	Agent   id.Agent `query:"agent" maxLength:"64"`
}

func (in bindingsInput) filter() binding.Filter {
	return binding.Filter{Flag: in.Flag, Visitor: in.Visitor, Agent: in.Agent, After: in.After, Limit: in.Limit}
}

// BindingPage is a page of bindings with how many there are in all.
type BindingPage struct {
	Items []binding.Binding `json:"items"`
	// Next is the cursor of the next page, absent at the end.
	Next string `json:"next,omitempty"`
	// Total counts all that fit, on the first page only.
	Total int `json:"total,omitempty"`
}

// BindingBody is what is sent to bind a visitor.
type BindingBody struct {
	Flag    string     `json:"flag" maxLength:"128"`
	Visitor string     `json:"visitor" maxLength:"128" doc:"The visitor's name in your own system"`
	Agent   string     `json:"agent" maxLength:"512" doc:"Id, e-mail address or username"`
	Until   *time.Time `json:"until,omitempty"`
	Note    string     `json:"note,omitempty" maxLength:"500"`
}

type bindInput struct {
	Replace bool `query:"replace" doc:"Bind who is bound already anew; else that is a conflict (bound_already)"`
	Body    BindingBody
}

type unbindInput struct {
	Flag    string `query:"flag" required:"true" maxLength:"512"`
	Visitor string `query:"visitor" maxLength:"512" doc:"Left out: all bindings of the flag"`
	Note    string `query:"note" maxLength:"500"`
}

// Unbound says how many bindings went away.
type Unbound struct {
	Removed int `json:"removed"`
}

type changesInput struct {
	ByPage
	Visitor string `query:"visitor" required:"true" maxLength:"512"`
	Flag    string `query:"flag" maxLength:"512" doc:"Left out: all flags"`
}

// BindingLines is a piece of an import.
type BindingLines struct {
	Lines string `json:"lines" maxLength:"900000" doc:"CSV (flag, visitor, agent, until) or one JSON object a line"`
	First int    `json:"first,omitempty" doc:"Number of the first line, for the report"`
	// Heading is the heading of the whole file, for pieces that have none.
	Heading string `json:"heading,omitempty" maxLength:"2000"`
	Replace bool   `json:"replace,omitempty"`
	Note    string `json:"note,omitempty" maxLength:"500"`
	Part    bool   `json:"part,omitempty" doc:"Set for all pieces but the first: the audit log has one entry"`
}

type importBindings struct{ Body BindingLines }

type flagsInput struct{ Body setting.Flags }

// bindings registers business bindings and flags, for administrators.
func (a *API) bindings() {
	const tag = "bindings"
	s := a.Bindings
	hand := func(note string) binding.Cause { return binding.Cause{How: binding.ByHand, Note: note} }
	asAgent(a, http.MethodGet, "/bindings", "Who is bound to whom, by name, or the newest of a flag or an agent first", tag, func(ctx context.Context, l account.Login, in *bindingsInput) (*body[BindingPage], error) {
		list, next, err := s.List(ctx, l.Actor(), in.filter())
		if err != nil {
			return nil, err
		}
		out := BindingPage{Items: full(list), Next: next}
		if in.After == "" {
			out.Total, err = s.Count(ctx, l.Actor(), in.filter())
		}
		return reply(out, err)
	})
	asAgent(a, http.MethodPost, "/bindings", "Bind a visitor to an agent", tag, func(ctx context.Context, l account.Login, in *bindInput) (*body[binding.Binding], error) {
		b := binding.Input{Flag: in.Body.Flag, Visitor: in.Body.Visitor, Agent: in.Body.Agent, Until: in.Body.Until}
		if in.Replace {
			got, _, err := s.Put(ctx, l.Actor(), b, hand(in.Body.Note))
			return reply(got, err)
		}
		return reply(s.Bind(ctx, l.Actor(), b, hand(in.Body.Note)))
	})
	asAgent(a, http.MethodDelete, "/bindings", "Unbind a visitor, or everybody of a flag", tag, func(ctx context.Context, l account.Login, in *unbindInput) (*body[Unbound], error) {
		if in.Visitor == "" {
			n, err := s.UnbindFlag(ctx, l.Actor(), in.Flag, hand(in.Note))
			return reply(Unbound{n}, err)
		}
		gone, err := s.Unbind(ctx, l.Actor(), in.Flag, in.Visitor, hand(in.Note))
		return reply(Unbound{map[bool]int{true: 1}[gone]}, err)
	})
	asAgent(a, http.MethodGet, "/bindings/flags", "The flags that have bindings", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[string]], error) {
		return listed(s.Flags(ctx, l.Actor()))
	})
	asAgent(a, http.MethodGet, "/bindings/history", "What became of the bindings of a visitor, newest first", tag, func(ctx context.Context, l account.Login, in *changesInput) (*body[page[binding.Change]], error) {
		list, next, err := s.History(ctx, l.Actor(), in.Visitor, in.Flag, in.After, in.Limit)
		return reply(page[binding.Change]{full(list), next}, err)
	})
	asAgent(a, http.MethodPost, "/bindings/import", "Bind many; what cannot be taken is in the report", tag, func(ctx context.Context, l account.Login, in *importBindings) (*body[binding.Report], error) {
		b := in.Body
		text, first := b.Lines, b.First
		if b.Heading != "" {
			text, first = b.Heading+"\n"+b.Lines, b.First-1
		}
		return reply(s.Import(ctx, l.Actor(), binding.NewReader(strings.NewReader(text), first), binding.ImportOptions{Replace: b.Replace, Note: b.Note, Part: b.Part}))
	})
	asAgent(a, http.MethodGet, "/admin/flags", "What business and routing flags do", tag, func(ctx context.Context, l account.Login, _ *none) (*body[setting.Flags], error) {
		book, err := a.Accounts.Book(ctx, l.Agent.Tenant)
		if err != nil {
			return nil, err
		}
		return reply(book.Tenant.Settings.Flags, nil)
	})
	asAgent(a, http.MethodPut, "/admin/flags", "Set what business and routing flags do", tag, func(ctx context.Context, l account.Login, in *flagsInput) (*none, error) {
		return &none{}, a.Accounts.SetFlags(ctx, l.Actor(), in.Body)
	})
}
