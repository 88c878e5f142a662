package rest

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlor/internal/account"
	"parlor/internal/canned"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/sheet"
	"parlor/internal/visitor"
)

// Canned is a canned reply or common picture as an agent is offered it.
type Canned struct {
	canned.Offer
	File *wire.File `json:"file,omitempty"`
}

// ByShelf names the shelf of an entry.
type ByShelf struct {
	Scope canned.Scope `query:"scope" enum:"personal,team,company" doc:"One shelf only; without it everything that is offered to the agent"`
	Team  id.Team      `query:"team" maxLength:"64" doc:"The team of the scope team"`
}

type cannedList struct {
	ByShelf
	Q        string `query:"q" maxLength:"100" doc:"Shortcut, a part of the title or text, or the initials of the title"`
	Category string `query:"category" maxLength:"64"`
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"1000"`
	Language string `header:"Accept-Language" maxLength:"200"`
}

// EntryBody is what is sent to make an entry.
type EntryBody struct {
	Scope canned.Scope `json:"scope" enum:"personal,team,company"`
	Team  id.Team      `json:"team,omitempty" maxLength:"64"`
	canned.EntryInput
}

type addCanned struct{ Body EntryBody }

type changeCanned struct {
	ID   string `path:"id" maxLength:"64"`
	Body canned.EntryInput
}

// ByID names something in the path.
type ByID struct {
	ID string `path:"id" maxLength:"64"`
}

// CategoryBody is what is sent to make a category.
type CategoryBody struct {
	Scope canned.Scope `json:"scope" enum:"personal,team,company"`
	Team  id.Team      `json:"team,omitempty" maxLength:"64"`
	canned.CategoryInput
}

type addCategory struct{ Body CategoryBody }

type changeCategory struct {
	ID   string `path:"id" maxLength:"64"`
	Body canned.CategoryInput
}

type useCanned struct {
	ID       string `path:"id" maxLength:"64"`
	Language string `header:"Accept-Language" maxLength:"200"`
	Body     struct {
		Conversation id.Conversation `json:"conversation,omitempty" maxLength:"64" doc:"Where it is sent: gives the variables their values"`
		Timezone     string          `json:"timezone,omitempty" maxLength:"64" doc:"IANA name of the agent's time zone; UTC without it"`
	}
}

type usedCanned struct {
	Text string     `json:"text"`
	File *wire.File `json:"file,omitempty"`
}

// cannedReplies registers canned replies, commonPictures the same for pictures.
func (a *API) cannedReplies() {
	a.shelf(canned.Reply, "/canned", "canned", "canned replies")
	a.exchange()
}

func (a *API) commonPictures() { a.shelf(canned.Picture, "/pictures", "pictures", "common pictures") }

// shelf registers the calls for one kind of entry.
func (a *API) shelf(kind canned.Kind, path, tag, name string) {
	asAgent(a, http.MethodGet, path, "List or find "+name, tag, func(ctx context.Context, l account.Login, in *cannedList) (*body[items[Canned]], error) {
		q := canned.ListInput{Kind: kind, Query: in.Q, Scope: in.Scope, Team: in.Team, Category: in.Category, Limit: in.Limit}
		if in.Scope == "" {
			q.Language = httpx.Language(in.Language)
		}
		list, err := a.Desk.Canned.List(ctx, l.Actor(), q)
		out := make([]Canned, len(list))
		for i, o := range list {
			out[i] = Canned{o, a.cannedFile(l, o.Entry)}
		}
		return listed(out, err)
	})
	asAgent(a, http.MethodPost, path, "Add one of the "+name, tag, func(ctx context.Context, l account.Login, in *addCanned) (*body[Canned], error) {
		shelf, err := canned.ShelfOf(l.Actor(), kind, in.Body.Scope, in.Body.Team)
		if err != nil {
			return nil, err
		}
		e, err := a.Desk.Canned.Add(ctx, l.Actor(), shelf, in.Body.EntryInput)
		return reply(a.cannedOf(l, e), err)
	})
	asAgent(a, http.MethodPut, path+"/{id}", "Change one of the "+name, tag, func(ctx context.Context, l account.Login, in *changeCanned) (*body[Canned], error) {
		e, err := a.Desk.Canned.Change(ctx, l.Actor(), in.ID, in.Body)
		return reply(a.cannedOf(l, e), err)
	})
	asAgent(a, http.MethodDelete, path+"/{id}", "Remove one of the "+name, tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, a.Desk.Canned.Remove(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodPost, path+"/{id}/use", "Count a use and get the text with its variables filled in", tag, a.useCanned)
	a.categories(kind, path+"/categories", tag, name)
}

// categories registers the tree of one kind of entry.
func (a *API) categories(kind canned.Kind, path, tag, name string) {
	asAgent(a, http.MethodGet, path, "Categories of "+name, tag, func(ctx context.Context, l account.Login, in *ByShelf) (*body[items[canned.Category]], error) {
		list, err := a.Desk.Canned.Tree(ctx, l.Actor(), canned.ListInput{Kind: kind, Scope: in.Scope, Team: in.Team})
		return listed(list, err)
	})
	asAgent(a, http.MethodPost, path, "Add a category of "+name, tag, func(ctx context.Context, l account.Login, in *addCategory) (*body[canned.Category], error) {
		shelf, err := canned.ShelfOf(l.Actor(), kind, in.Body.Scope, in.Body.Team)
		if err != nil {
			return nil, err
		}
		return reply(a.Desk.Canned.SaveCategory(ctx, l.Actor(), shelf, "", in.Body.CategoryInput))
	})
	asAgent(a, http.MethodPut, path+"/{id}", "Change a category of "+name, tag, func(ctx context.Context, l account.Login, in *changeCategory) (*body[canned.Category], error) {
		return reply(a.Desk.Canned.SaveCategory(ctx, l.Actor(), canned.Shelf{}, in.ID, in.Body))
	})
	asAgent(a, http.MethodDelete, path+"/{id}", "Remove a category of "+name+"; what is in it moves up", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, a.Desk.Canned.RemoveCategory(ctx, l.Actor(), in.ID)
	})
}

func (a *API) cannedOf(l account.Login, e canned.Entry) Canned {
	return Canned{canned.Offer{Entry: e, Editable: true}, a.cannedFile(l, e)}
}

func (a *API) cannedFile(l account.Login, e canned.Entry) *wire.File {
	if e.File == nil {
		return nil
	}
	f := a.Views.File(media.File{ID: e.File.ID, Tenant: l.Agent.Tenant, Name: e.File.Name, Type: e.File.Type, Size: e.File.Size, Width: e.File.Width, Height: e.File.Height})
	return &f
}

// useCanned fills in the variables from the conversation that the agent sees.
func (a *API) useCanned(ctx context.Context, l account.Login, in *useCanned) (*body[usedCanned], error) {
	zone, err := time.LoadLocation(in.Body.Timezone)
	if err != nil {
		return nil, errs.Field("timezone", "unknown_timezone", "There is no time zone %q.", in.Body.Timezone)
	}
	vars := canned.Vars{Agent: l.Agent.Name, AgentEmail: l.Agent.Email, Now: a.Desk.Clock.Now().In(zone), Language: httpx.Language(in.Language)}
	if in.Body.Conversation != "" {
		var c conversation.Conversation
		var v visitor.Visitor
		if c, err = a.Conversations.Conversation(ctx, l.Actor(), in.Body.Conversation); err != nil {
			return nil, err
		}
		if v, err = a.Visitors.Visitor(ctx, l.Agent.Tenant, c.Visitor); err != nil {
			return nil, err
		}
		v = v.For(l.Actor()) // the agent reads the text before it is sent
		vars.Visitor, vars.VisitorEmail, vars.VisitorPhone = v.Name, v.Email, v.Phone
		if vars.Team, err = a.teamName(ctx, l.Agent.Tenant, c.Team); err != nil {
			return nil, err
		}
	}
	if vars.Company, err = a.companyName(ctx, l.Agent.Tenant); err != nil {
		return nil, err
	}
	e, err := a.Desk.Canned.Use(ctx, l.Actor(), in.ID)
	return reply(usedCanned{canned.Expand(e.Text, vars), a.cannedFile(l, e)}, err)
}

func (a *API) teamName(ctx context.Context, t id.Tenant, team id.Team) (string, error) {
	teams, err := a.Accounts.Teams(ctx, t)
	for _, x := range teams {
		if x.ID == team {
			return x.Name, err
		}
	}
	return "", err
}

func (a *API) companyName(ctx context.Context, t id.Tenant) (string, error) {
	tenants, err := a.Accounts.Tenants(ctx)
	for _, x := range tenants {
		if x.ID == t {
			return x.Name, err
		}
	}
	return "", err
}

type exportInput struct {
	ByShelf
	Format sheet.Format `query:"format" enum:"csv,xlsx" default:"csv"`
}

type download struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

type importInput struct {
	ByShelf
	Dry     bool `query:"dry" doc:"Check only"`
	RawBody huma.MultipartFormFiles[struct {
		File huma.FormFile `form:"file" required:"true"`
	}]
}

// exchange registers export and import of canned replies.
func (a *API) exchange() {
	asAgent(a, http.MethodGet, "/canned/export", "Canned replies of a shelf as CSV or Excel", "canned", func(ctx context.Context, l account.Login, in *exportInput) (*download, error) {
		shelf, err := canned.ShelfOf(l.Actor(), canned.Reply, in.Scope, in.Team)
		if err != nil {
			return nil, err
		}
		rows, err := a.Desk.Canned.Export(ctx, l.Actor(), shelf)
		if err != nil {
			return nil, err
		}
		return tableFile("canned-"+string(in.Scope), in.Format, rows)
	})
	op := operation(http.MethodPost, "/canned/import", "Put the lines of a CSV or Excel file on a shelf: all, or none if one is faulty", "canned", http.StatusOK, agentAuth)
	op.MaxBodyBytes = sheet.MaxBytes + 1<<20
	huma.Register(a.huma, op, func(ctx context.Context, in *importInput) (*body[canned.ImportReport], error) {
		l, _ := ctx.Value(loginKey).(account.Login)
		rep, err := a.importCanned(ctx, l, in)
		return &body[canned.ImportReport]{rep}, a.answer(ctx, op, err)
	})
}

func (a *API) importCanned(ctx context.Context, l account.Login, in *importInput) (rep canned.ImportReport, err error) {
	shelf, err := canned.ShelfOf(l.Actor(), canned.Reply, in.Scope, in.Team)
	if err != nil {
		return rep, err
	}
	f := in.RawBody.Data().File
	if !f.IsSet {
		return rep, errs.Field("file", "file_missing", "The form has no file.")
	}
	rows, err := sheet.Read(f.File)
	if err != nil {
		return rep, err
	}
	return a.Desk.Canned.Import(ctx, l.Actor(), shelf, rows, in.Dry)
}

// tableFile makes a download of a table.
func tableFile(name string, f sheet.Format, rows [][]string) (*download, error) {
	var b bytes.Buffer
	if err := sheet.Write(&b, f, rows); err != nil {
		return nil, err
	}
	name = strings.Map(func(r rune) rune {
		if r < '-' || r > 'z' || r == '\\' || r == '/' {
			return '-'
		}
		return r
	}, name)
	return &download{f.Type(), `attachment; filename="` + name + "." + string(f) + `"`, b.Bytes()}, nil
}
