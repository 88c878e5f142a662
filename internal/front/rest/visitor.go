package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/blacklist"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/identity"
	"parlor/internal/media"
	"parlor/internal/online"
	"parlor/internal/visitor"
)

// ByVisitor names a visitor in the path.
type ByVisitor struct {
	ID id.Visitor `path:"id" maxLength:"64"`
}

type patchVisitor struct {
	ByVisitor
	Body visitor.Details
}

type trailInput struct {
	ByVisitor
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

// visitors are the agents' calls about visitors.
func (a *API) visitors() {
	const tag = "visitors"
	type one = body[visitor.Visitor]
	asAgent(a, http.MethodGet, "/visitors/{id}", "One visitor", tag, func(ctx context.Context, l account.Login, in *ByVisitor) (*one, error) {
		v, err := a.Visitors.Visitor(ctx, l.Agent.Tenant, in.ID)
		return reply(v.For(l.Actor()), err)
	})
	asAgent(a, http.MethodPatch, "/visitors/{id}", "Change contact details", tag, func(ctx context.Context, l account.Login, in *patchVisitor) (*one, error) {
		return reply(a.Visitors.Update(ctx, l.Actor(), in.ID, in.Body))
	})
	asAgent(a, http.MethodGet, "/visitors/{id}/pages", "Pages the visitor looked at", tag, func(ctx context.Context, l account.Login, in *trailInput) (*body[items[visitor.Page]], error) {
		list, err := a.Visitors.Pages(ctx, l.Agent.Tenant, in.ID, in.Limit)
		return listed(list, err)
	})
	a.upload(agentAuth, "/files", tag, func(ctx context.Context) actor.Actor {
		l, _ := ctx.Value(loginKey).(account.Login)
		return l.Actor()
	})
}

type uploadInput struct {
	RawBody huma.MultipartFormFiles[struct {
		File huma.FormFile `form:"file" required:"true"`
	}]
}

// upload registers the call that takes a file; it streams past huma, whose form
// parser would hold the file first.
func (a *API) upload(auth, path, tag string, who func(context.Context) actor.Actor) {
	op := operation(http.MethodPost, path, "Upload a file (multipart field \"file\")", tag, http.StatusOK, auth)
	op.MaxBodyBytes = a.Media.MaxSize() + 1<<20
	op.BodyReadTimeout = 5 * time.Minute
	huma.Register(a.huma, op, func(ctx context.Context, in *uploadInput) (*body[wire.File], error) {
		by := who(ctx)
		if err := a.Uploads.Take(string(by.Agent) + string(by.Visitor)); err != nil {
			return nil, a.answer(ctx, op, err)
		}
		f := in.RawBody.Data().File
		if !f.IsSet {
			return nil, a.answer(ctx, op, errs.Field("file", "file_missing", "The form has no file."))
		}
		got, err := a.Media.Save(ctx, by, f.Filename, f.File)
		return &body[wire.File]{a.Views.File(got)}, a.answer(ctx, op, err)
	})
}

type pageRef struct {
	URL      string `json:"url,omitempty" maxLength:"2000"`
	Title    string `json:"title,omitempty" maxLength:"1000"`
	Referrer string `json:"referrer,omitempty" maxLength:"2000"`
}

type arriveInput struct {
	Body struct {
		Inbox  id.Inbox `json:"inbox" minLength:"1" maxLength:"64"`
		Token  string   `json:"token,omitempty" maxLength:"400"`
		Locale string   `json:"locale,omitempty" maxLength:"16"`
		Page   pageRef  `json:"page,omitempty"`
		// Checked by hand: too long a token is as bad as any other.
		Identity string `json:"identity,omitempty" doc:"Who the visitor is: a JWT that the company has signed with a key of the inbox"`
	}
	facts requestFacts
}

// Resolve notes where the request came from.
func (in *arriveInput) Resolve(ctx huma.Context) []error {
	in.facts, _ = ctx.Context().Value(requestKey{}).(requestFacts)
	return nil
}

type inboxView struct {
	ID            id.Inbox    `json:"id"`
	Name          string      `json:"name"`
	Color         string      `json:"color,omitempty"`
	Greeting      string      `json:"greeting"`
	TypingPreview bool        `json:"typingPreview"`
	Widget        wire.Widget `json:"widget"`
}

type visitorName struct {
	ID   id.Visitor `json:"id"`
	Name string     `json:"name"`
}

type arrived struct {
	Token        string             `json:"token"`
	Visitor      visitorName        `json:"visitor"`
	Inbox        inboxView          `json:"inbox"`
	AgentsOnline bool               `json:"agentsOnline"`
	MaxFile      int64              `json:"maxFile"`
	FileTypes    []string           `json:"fileTypes"`
	Conversation *wire.VisitorState `json:"conversation,omitempty"`
	// Staffed is whether an agent is at work, busy ones included.
	Staffed bool `json:"staffed"`
	// Refused says why no conversation can begin now: notinworktime or full.
	Refused string `json:"refused,omitempty"`
	// NextOpen is when the company opens, if it is closed.
	NextOpen *time.Time `json:"nextOpen,omitempty"`
	// Known is true for somebody who has said who it is before.
	Known bool `json:"known,omitempty"`
	// Robot is the name of the robot that receives the visitor now, if one does. It
	// greets as soon as a conversation is started.
	Robot string `json:"robot,omitempty"`
}

type pageInput struct{ RawBody []byte }

type historyInput struct {
	Conversation id.Conversation `query:"conversation" maxLength:"64" doc:"An earlier conversation; the running one if left out"`
	ByRange
}

type visitorMessages struct {
	Conversation id.Conversation `json:"conversation,omitempty"`
	Items        []wire.Message  `json:"items"`
}

type pastConversation struct {
	ID       id.Conversation `json:"id"`
	ClosedAt *time.Time      `json:"closedAt,omitempty"`
	LastText string          `json:"lastText"`
	LastAt   time.Time       `json:"lastAt"`
}

// visitorSide are the visitors' own calls.
func (a *API) visitorSide() {
	open(a, http.MethodPost, "/visitor/session", "Recognise or greet a visitor", "visitor", a.arrive)
	page := operation(http.MethodPost, "/visitor/page", "Note a page view (beacon with text/plain JSON)", "visitor", http.StatusNoContent, "")
	page.MaxBodyBytes = 8 << 10
	huma.Register(a.huma, page, func(ctx context.Context, in *pageInput) (*struct{}, error) {
		return nil, a.answer(ctx, page, a.beacon(ctx, in.RawBody, factsOf(ctx).ip))
	})
	asVisitor(a, http.MethodGet, "/visitor/messages", "Messages of one's own conversation", a.ownMessages)
	asVisitor(a, http.MethodGet, "/visitor/history", "One's earlier conversations", func(ctx context.Context, who actor.Actor, _ *none) (*body[items[pastConversation]], error) {
		list, _, err := a.Conversations.List(ctx, who, conversation.Filter{Limit: 20})
		out := make([]pastConversation, 0, len(list))
		for _, c := range list {
			out = append(out, pastConversation{c.ID, c.ClosedAt, c.LastText, c.LastAt})
		}
		return listed(out, err)
	})
	a.upload(visitorAuth, "/visitor/files", "visitor", func(ctx context.Context) actor.Actor {
		who, _ := ctx.Value(visitorKey).(actor.Actor)
		return who
	})
}

func (a *API) arrive(ctx context.Context, in *arriveInput) (*body[arrived], error) {
	if err := a.Uploads.Take("arrive " + in.facts.ip); err != nil {
		return nil, err
	}
	inbox, err := a.Accounts.Inbox(ctx, in.Body.Inbox)
	if err != nil {
		return nil, err
	}
	browser, os, mobile := httpx.UserAgent(in.facts.agent)
	v, err := a.Identities.Arrive(ctx, identity.Arrival{Token: in.Body.Token, Identity: in.Body.Identity, Seen: visitor.Visitor{Tenant: inbox.Tenant, Inbox: inbox.ID,
		Locale: in.Body.Locale, IP: in.facts.ip, Browser: browser, OS: os, Mobile: mobile, Referrer: in.Body.Page.Referrer}})
	if err != nil {
		return nil, err
	}
	if err := a.Desk.Blacklist.Refuse(ctx, blacklist.Subject{Tenant: v.Tenant, Visitor: v.ID, Address: in.facts.ip}); err != nil {
		return nil, err
	}
	who := v.Actor()
	if err := a.Visit.Online.Seen(ctx, online.Look{Tenant: who.Tenant, Visitor: who.Visitor, Inbox: who.Inbox, URL: in.Body.Page.URL, Title: in.Body.Page.Title,
		Referrer: in.Body.Page.Referrer, IP: in.facts.ip}); err != nil {
		return nil, err
	}
	out := arrived{Token: a.Visitors.Token(v), Visitor: visitorName{v.ID, v.Name}, MaxFile: a.Media.MaxSize(), FileTypes: media.Types(),
		Inbox: inboxView{ID: inbox.ID, Name: inbox.Name, Color: inbox.Settings.Color, Greeting: inbox.Settings.Greeting[httpx.Language(in.Body.Locale)], TypingPreview: !inbox.Settings.NoTypingPreview}}
	if err := a.doorOf(ctx, v, inbox, &out); err != nil {
		return nil, err
	}
	c, err := a.Conversations.Active(ctx, inbox.Tenant, v.ID)
	if errs.CodeOf(err) == errs.NotFound {
		return reply(out, nil)
	}
	if err != nil {
		return nil, err
	}
	standing, err := a.Routing.Standing(ctx, c)
	st := wire.State(standing)
	out.Conversation = &st
	return reply(out, err)
}

// doorOf tells what the page must know before a conversation: how it looks and
// whether somebody can talk.
func (a *API) doorOf(ctx context.Context, v visitor.Visitor, inbox account.Inbox, out *arrived) error {
	book, err := a.Accounts.Book(ctx, inbox.Tenant)
	if err != nil {
		return err
	}
	out.Inbox.Widget = a.Views.WidgetOf(book, inbox, a.Visit.Online.Place(v.IP))
	out.Known = v.Email != "" || v.Phone != "" || v.Memo != ""
	door, err := a.Routing.Door(ctx, inbox.Tenant, inbox.ID, "", v.ID)
	if err != nil {
		return err
	}
	out.AgentsOnline, out.Refused = door.AgentsOnline, door.Refused
	if out.Staffed, err = a.Accounts.AnyoneThere(ctx, inbox.Tenant); err != nil {
		return err
	}
	if r, first, rerr := a.Routing.Robots(ctx, inbox.Tenant, inbox.ID); rerr != nil || first {
		err, out.Staffed, out.Robot = rerr, true, r.Name
	}
	if !door.NextOpen.IsZero() {
		out.NextOpen = &door.NextOpen
	}
	return err
}

func (a *API) beacon(ctx context.Context, raw []byte, ip string) error {
	var in struct{ Token, URL, Title string }
	if err := json.Unmarshal(raw, &in); err != nil {
		return errs.New(errs.Invalid, "invalid", "The body is not JSON.").Because(err)
	}
	who, err := a.Visitors.Authenticate(in.Token)
	if err != nil {
		return err
	}
	if err := a.Calls.Take("v " + string(who.Visitor)); err != nil {
		return err
	}
	return a.Visit.Online.Seen(ctx, online.Look{Tenant: who.Tenant, Visitor: who.Visitor, Inbox: who.Inbox, URL: in.URL, Title: in.Title, IP: ip})
}

func (a *API) ownMessages(ctx context.Context, who actor.Actor, in *historyInput) (*body[visitorMessages], error) {
	if in.Conversation == "" {
		c, err := a.Conversations.Active(ctx, who.Tenant, who.Visitor)
		if errs.CodeOf(err) == errs.NotFound {
			return reply(visitorMessages{Items: []wire.Message{}}, nil)
		}
		if err != nil {
			return nil, err
		}
		in.Conversation = c.ID
	}
	list, err := a.Conversations.Messages(ctx, who, in.Conversation, in.of())
	return reply(visitorMessages{in.Conversation, a.Views.Messages(list, true)}, err)
}
