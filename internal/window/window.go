// Package window gives the pages of business systems that consoles show beside a
// conversation their addresses: what a page is told of the conversation, its visitor
// and its agent, and how that is signed. It also keeps a record of who sent which
// message to which page. Which windows there are is a setting.
package window

import (
	"context"
	"slices"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/visitor"
)

// ServiceNumber begins the name of an inbox as pages and platform contracts know it.
const ServiceNumber = "kefuchannelimid_"

// Accounts, Conversations, Visitors and Store are what the service asks of others.
type (
	// Accounts tells settings and agents.
	Accounts interface {
		Book(ctx context.Context, t id.Tenant) (*account.Book, error)
		Agent(ctx context.Context, t id.Tenant, a id.Agent) (account.Agent, error)
	}
	// Conversations reads conversations that somebody may see.
	Conversations interface {
		Conversation(ctx context.Context, who actor.Actor, c id.Conversation) (conversation.Conversation, error)
		Messages(ctx context.Context, who actor.Actor, c id.Conversation, r conversation.Range) ([]conversation.Message, error)
		DetailsOf(ctx context.Context, t id.Tenant, list []id.Conversation) (map[id.Conversation]conversation.Details, error)
	}
	// Visitors reads visitors.
	Visitors interface {
		Visitor(ctx context.Context, t id.Tenant, v id.Visitor) (visitor.Visitor, error)
		Identity(ctx context.Context, t id.Tenant, v id.Visitor) (visitor.Identity, error)
	}
	// Store keeps the record of interactions.
	Store interface {
		// AddInteraction records that a message was sent to a page.
		AddInteraction(ctx context.Context, t id.Tenant, in Interaction, by audit.By) error
	}
)

// Deps are what the service works with.
type Deps struct {
	Accounts      Accounts
	Conversations Conversations
	Visitors      Visitors
	Store         Store
	Clock         clock.Clock
}

// Service gives addresses.
type Service struct{ Deps }

// New returns a service.
func New(d Deps) *Service { return &Service{d} }

// Tab is a window as consoles know it before a conversation is opened.
type Tab struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Origin is where the page speaks from; "" is the console's own.
	Origin string `json:"origin"`
	// Sync asks for what the visitor writes.
	Sync bool `json:"sync,omitempty"`
}

// Button is what stands below messages with a flag.
type Button struct {
	Flag   string       `json:"flag"`
	Window string       `json:"window"`
	Label  setting.Text `json:"label,omitempty"`
}

// Tabs are the windows and buttons of a company, in order.
type Tabs struct {
	Windows []Tab `json:"windows"`
	// Buttons stand below messages with their flags.
	Buttons []Button `json:"buttons"`
	// CardFirst shows the visitor's card by default instead of the first window.
	CardFirst bool `json:"cardFirst,omitempty"`
}

// Tabs returns what consoles know of a company's windows before a conversation is opened.
func (s *Service) Tabs(ctx context.Context, t id.Tenant) (all Tabs, err error) {
	book, err := s.Accounts.Book(ctx, t)
	if err != nil {
		return all, err
	}
	w := book.Tenant.Settings.Windows
	all = Tabs{Windows: []Tab{}, Buttons: []Button{}, CardFirst: w.CardFirst}
	for _, p := range w.Open() {
		all.Windows = append(all.Windows, Tab{ID: p.ID, Name: p.Name, Origin: p.Speaks(), Sync: p.Sync})
	}
	for _, f := range w.Flags {
		if _, ok := w.Of(f.Flag); ok {
			all.Buttons = append(all.Buttons, Button{Flag: f.Flag, Window: f.Window, Label: f.Label})
		}
	}
	return all, nil
}

// Page is a window of a conversation.
type Page struct {
	Tab
	// Address has everything that the page is told, signed.
	Address string `json:"address"`
}

// About says whose conversation it is, in what is posted to pages.
type About struct {
	ServiceSessionID id.Conversation `json:"serviceSessionId"`
	TenantID         int64           `json:"tenantId"`
	Visitor          Party           `json:"visitor"`
	Agent            Party           `json:"agent"`
}

// Party is somebody in About.
type Party struct {
	UserID   string `json:"userId"`
	Username string `json:"username"`
	Nickname string `json:"nickname,omitempty"`
}

// Pages returns the windows of a conversation that who may see, for who, in the
// language of the console. Errors: NotFound "conversation_not_found"; Forbidden.
func (s *Service) Pages(ctx context.Context, who actor.Actor, c id.Conversation, lang string) (list []Page, about About, err error) {
	defer errs.Wrap(&err, "window.Pages")
	f, err := s.facts(ctx, who, c, lang)
	if err != nil {
		return nil, about, err
	}
	now := s.Clock.Now()
	for _, w := range f.windows.Open() {
		list = append(list, Page{Tab{ID: w.ID, Name: w.Name, Origin: w.Speaks(), Sync: w.Sync}, Address(w, f.system, f.custom, now)})
	}
	return list, f.about, nil
}

// Try returns the address that who would get for a window that is being set up: of a
// conversation, or with made-up values for "". A hidden key is the one that is kept.
// Errors: those of Pages; Invalid for a window that cannot be.
func (s *Service) Try(ctx context.Context, who actor.Actor, w setting.Window, c id.Conversation, lang string) (address string, err error) {
	defer errs.Wrap(&err, "window.Try")
	if !who.Can(actor.Administer) {
		return "", errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing settings.")
	}
	book, err := s.Accounts.Book(ctx, who.Tenant)
	if err != nil {
		return "", err
	}
	one := setting.Company{Windows: setting.Windows{Pages: []setting.Window{w}}}.Keeping(book.Tenant.Settings).Windows
	if err := one.Check(); err != nil {
		return "", err
	}
	f := facts{system: sample(who, lang), custom: map[string]string{"orderNo": "A-1009"}}
	if c != "" {
		if f, err = s.facts(ctx, who, c, lang); err != nil {
			return "", err
		}
	}
	return Address(one.Pages[0], f.system, f.custom, s.Clock.Now()), nil
}

// sample are made-up values.
func sample(who actor.Actor, lang string) map[string]string {
	return map[string]string{"easemobId": ServiceNumber + "main", "visitorImId": "u_88231", "to": ServiceNumber + "main", "lang": language(lang), "ssid": "conversation", "agentId": string(who.Agent),
		"email": "agent@example.com", "agentName": who.Name, "userId": "visitor", "tenantId": "1", "nickname": "Mia", "originType": "webim", "techChannelName": "Shop",
		"serviceNumber": ServiceNumber + "main", "desc": "", "trueName": who.Name}
}

// language is the word for the language of a console.
func language(tag string) string {
	word, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if !slices.Contains([]string{"zh", "en", "pt"}, word) {
		return "en"
	}
	return word
}

// Interaction is a message that an agent sent to a page.
type Interaction struct {
	Conversation id.Conversation `json:"conversation"`
	Message      id.Message      `json:"message"`
	Seq          int64           `json:"seq"`
	Flag         string          `json:"flag"`
	Window       string          `json:"window"`
	// Name is the window's.
	Name string `json:"name"`
}

// Record keeps that who sent a message of a conversation to the window that its flag
// is mapped to. Errors: NotFound "message_not_found", "window_not_found"; those of
// Pages.
func (s *Service) Record(ctx context.Context, who actor.Actor, c id.Conversation, seq int64, window string) (err error) {
	defer errs.Wrap(&err, "window.Record")
	list, err := s.Conversations.Messages(ctx, who, c, conversation.Range{Before: seq + 1, Limit: 1})
	if err != nil {
		return err
	}
	if seq < 1 || len(list) == 0 || list[0].Seq != seq || list[0].Extra == nil || list[0].Extra.Flag == "" {
		return errs.New(errs.NotFound, "message_not_found", "There is no message %d with a flag.", seq)
	}
	book, err := s.Accounts.Book(ctx, who.Tenant)
	if err != nil {
		return err
	}
	w := book.Tenant.Settings.Windows
	f, ok := w.Of(list[0].Extra.Flag)
	if !ok || f.Window != window {
		return errs.New(errs.NotFound, "window_not_found", "The flag of the message does not lead to this window.")
	}
	page, _ := w.ByID(window)
	return s.Store.AddInteraction(ctx, who.Tenant, Interaction{Conversation: c, Message: list[0].ID, Seq: seq, Flag: f.Flag, Window: window, Name: page.Name}, audit.Of(who, s.Clock.Now()))
}
