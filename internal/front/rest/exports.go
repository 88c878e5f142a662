package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"parlor/internal/account"
	"parlor/internal/export"
	"parlor/internal/front/httpx"
	"parlor/internal/id"
	"parlor/internal/sheet"
)

// ExportBody is what is sent to have a list exported. What a list does not know does
// not restrict it.
type ExportBody struct {
	Kind   export.Kind  `json:"kind" enum:"conversations,messages,contacts,left,ratings,audit"`
	Format sheet.Format `json:"format,omitempty" enum:"csv,xlsx" default:"csv"`
	From   *time.Time   `json:"from,omitempty" doc:"From when on; only contacts do without"`
	To     *time.Time   `json:"to,omitempty" doc:"Until when, left out itself; until now without it. 366 days at most"`
	Inbox  id.Inbox     `json:"inbox,omitempty" maxLength:"64"`
	Team   id.Team      `json:"team,omitempty" maxLength:"64"`
	Agent  id.Agent     `json:"agent,omitempty" maxLength:"64" doc:"Who served, looks after a contact, has a left message, or made a change"`
	Tag    string       `json:"tag,omitempty" maxLength:"64"`
	Rating string       `json:"rating,omitempty" maxLength:"32" doc:"Code of a level"`
	State  string       `json:"state,omitempty" enum:"queued,open,closed,notprocess,processed" doc:"State of conversations or of left messages"`
	Thing  string       `json:"thing,omitempty" maxLength:"64" doc:"What kind of thing was changed"`
	Lang   string       `json:"lang,omitempty" enum:"zh-CN,en,pt-BR" default:"en" doc:"Language of headings"`
	Zone   string       `json:"zone,omitempty" maxLength:"64" doc:"IANA name of the time zone of times; UTC without it"`
}

type askExport struct{ Body ExportBody }

type listExports struct {
	All   bool   `query:"all" doc:"Those of everybody, for administrators"`
	After string `query:"after" maxLength:"200" doc:"Cursor of the previous page"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// exports registers the export centre.
func (a *API) exports() {
	const label = "exports"
	asAgent(a, http.MethodPost, "/exports", "Have a list written into a file", label, func(ctx context.Context, l account.Login, in *askExport) (*body[export.Export], error) {
		b := in.Body
		f := export.Filter{Inbox: b.Inbox, Team: b.Team, Agent: b.Agent, Tag: b.Tag, Rating: b.Rating, State: b.State, Thing: b.Thing}
		if b.From != nil {
			f.From = *b.From
		}
		if b.To != nil {
			f.To = *b.To
		}
		return reply(a.Exports.Ask(ctx, l.Actor(), export.Input{Kind: b.Kind, Format: b.Format, Filter: f, Lang: b.Lang, Zone: b.Zone}))
	})
	asAgent(a, http.MethodGet, "/exports", "My exports, newest first", label, func(ctx context.Context, l account.Login, in *listExports) (*body[page[export.Export]], error) {
		list, next, err := a.Exports.List(ctx, l.Actor(), in.All, in.After, in.Limit)
		return reply(page[export.Export]{full(list), next}, err)
	})
	asAgent(a, http.MethodGet, "/exports/{id}", "One export", label, func(ctx context.Context, l account.Login, in *ByID) (*body[export.Export], error) {
		return reply(a.Exports.Export(ctx, l.Actor(), in.ID))
	})
	asAgent(a, http.MethodDelete, "/exports/{id}", "Delete an export and its file, also while it is written", label, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, a.Exports.Remove(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodGet, "/exports/{id}/file", "The file of an export that is done", label, a.exportFile)
}

// exportFile streams a file; it is in memory nowhere.
func (a *API) exportFile(ctx context.Context, l account.Login, in *ByID) (*huma.StreamResponse, error) {
	o, err := a.Exports.Open(ctx, l.Actor(), in.ID)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		r, w := humago.Unwrap(out)
		httpx.ServeOnce(w, r, o)
	}}, nil
}
