package server

import (
	"context"
	"log/slog"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/attendance"
	"parlor/internal/blacklist"
	"parlor/internal/canned"
	"parlor/internal/colleague"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/event"
	"parlor/internal/field"
	"parlor/internal/front/rest"
	"parlor/internal/id"
	"parlor/internal/knowledge"
	"parlor/internal/media"
	"parlor/internal/summary"
	"parlor/internal/tag"
)

// deskServices are the domains of the agent's desk.
type deskServices struct {
	canned    *canned.Service
	tags      *tag.Service
	rooms     *attendance.Service
	blacklist *blacklist.Service
	summaries *summary.Service
	fields    *field.Service
	contacts  *contact.Service
	knowledge *knowledge.Service
}

// gate refuses whom the blacklist names.
type gate struct{ list *blacklist.Service }

// Refuse implements routing.Gate.
func (g gate) Refuse(ctx context.Context, t id.Tenant, v id.Visitor, address, fingerprint string) error {
	return g.list.Refuse(ctx, blacklist.Subject{Tenant: t, Visitor: v, Address: address, Fingerprint: fingerprint})
}

// deskDomains builds the domains of the agent's desk.
func (s *Server) deskDomains() {
	d := &s.services
	d.desk.summaries = summary.New(s.store, s.bus, s.opts.Clock)
	d.desk.fields = field.New(s.store, s.bus, s.opts.Clock)
	d.desk.contacts = contact.New(s.store, contactWorld{s}, s.bus, s.opts.Clock)
	d.desk.blacklist = blacklist.New(s.store, s.bus, s.opts.Clock)
	d.desk.rooms = attendance.New(s.node, s.bus, s.opts.Clock)
	d.desk.tags = tag.New(s.store, s.bus, s.opts.Clock)
	d.desk.canned = canned.New(s.store, attachments{media: d.media}, s.bus, s.opts.Clock)
	d.desk.knowledge = knowledge.New(s.store, attachments{media: d.media}, s.bus, s.opts.Clock)
}

// deskPayload makes an empty payload of the desk's kinds of event.
func deskPayload(k event.Kind) any {
	switch k {
	case event.CannedChanged:
		return &canned.Changed{}
	case event.KnowledgeChanged:
		return &knowledge.Changed{}
	case event.SummaryChanged:
		return &summary.SummaryChanged{}
	case event.FieldsChanged:
		return &field.FieldsChanged{}
	case event.BlacklistChanged:
		return &blacklist.Changed{}
	case event.ColleagueChanged:
		return &colleague.Changed{}
	case event.RoomEntered:
		return &attendance.Entered{}
	case event.MessageRecalled:
		return &conversation.Recalled{}
	case event.MessageEdited:
		return &conversation.Edited{}
	case event.MentionChanged:
		return &conversation.MentionChanged{}
	case event.DraftChanged:
		return &conversation.Draft{}
	case event.TagsChanged:
		return &conversation.Tagged{}
	case event.ParamsMoved:
		return &conversation.ParamsMoved{}
	case event.ContactChanged:
		return &contact.Changed{}
	case event.VisitorTagged:
		return &tag.VisitorTagged{}
	}
	return nil
}

// heed hands an event to the services that remember things.
func (d *deskServices) heed(e *event.Event) {
	d.blacklist.Heed(e)
	d.canned.Heed(e)
	d.knowledge.Heed(e)
	d.rooms.Heed(e)
}

// seedDesk gives every company what it begins with.
func (s *Server) seedDesk(ctx context.Context) error {
	tenants, err := s.services.accounts.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if err := s.services.desk.canned.Seed(ctx, t.ID); err != nil {
			return err
		}
	}
	return nil
}

func (d *deskServices) forREST(s *Server) rest.Desk {
	return rest.Desk{Contacts: d.contacts, Summaries: d.summaries, Fields: d.fields, Blacklist: d.blacklist, Colleagues: s.services.colleagues, Canned: d.canned, Knowledge: d.knowledge, Tags: d.tags, Clock: s.opts.Clock}
}

// ForCanned returns what an entry says of a file that who uploaded.
func (a attachments) ForCanned(ctx context.Context, who actor.Actor, f id.File) (canned.File, error) {
	got, err := a.media.Own(ctx, who, f)
	return cannedFile(got), err
}

// ForKnowledge returns what an article says of a picture that who uploaded.
func (a attachments) ForKnowledge(ctx context.Context, who actor.Actor, f id.File) (knowledge.File, error) {
	got, err := a.media.Own(ctx, who, f)
	return knowledge.File{ID: got.ID, Name: got.Name, Type: got.Type, Size: got.Size, Width: got.Width, Height: got.Height}, err
}

// Knowledge gives tests and the demo the knowledge base.
func (s *Server) Knowledge() *knowledge.Service { return s.services.desk.knowledge }

func cannedFile(f media.File) canned.File {
	return canned.File{ID: f.ID, Name: f.Name, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height}
}

// Canned gives tests and the demo the canned replies.
func (s *Server) Canned() *canned.Service { return s.services.desk.canned }

// limits are what companies set for their conversations.
type limits struct {
	accounts *account.Service
	log      *slog.Logger
}

// RecallWithin implements conversation.Limits.
func (l limits) RecallWithin(ctx context.Context, t id.Tenant) (time.Duration, error) {
	book, err := l.accounts.Book(ctx, t)
	if err != nil {
		return 0, err
	}
	if n := book.Tenant.Settings.RecallSeconds; n != nil {
		return time.Duration(*n) * time.Second, nil
	}
	return conversation.RecallWithin, nil
}

// Rules implements conversation.Limits. If the settings cannot be read nothing
// that was sent may be changed.
func (l limits) Rules(t id.Tenant, _ id.Inbox) conversation.Rules {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	book, err := l.accounts.Book(ctx, t)
	if err != nil {
		l.log.Error("rules of messages not read", "tenant", t, "error", err)
		return conversation.Rules{NoEdit: true, NoRecall: true}
	}
	company := book.Tenant.Settings
	r := conversation.Rules{NoEdit: !company.On("Message_AllowEditing"), NoRecall: !company.On("Message_AllowDeleting"),
		NoVisitorEnd: !company.On("Omnichannel_allow_visitors_to_close_conversation"), HoldAnswered: company.On("Livechat_allow_manual_on_hold_upon_agent_engagement_only"),
		Sights: company.On("Livechat_Visitor_navigation_as_a_message"), MaxFiles: company.Number("FileUpload_MaxFilesPerMessage")}
	if company.On("Livechat_enable_message_character_limit") {
		r.VisitorText = company.Number("Livechat_message_character_limit")
	}
	return r
}

// Closing implements conversation.Limits. If the settings cannot be read nothing is
// asked for: a conversation can always be closed.
func (l limits) Closing(t id.Tenant, team id.Team) conversation.ClosingRules {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	book, err := l.accounts.Book(ctx, t)
	if err != nil {
		l.log.Error("rules of closing not read", "tenant", t, "error", err)
		return conversation.ClosingRules{}
	}
	company, desk := book.Tenant.Settings, book.Teams[team].Settings.Desk
	return conversation.ClosingRules{Comment: company.On("Livechat_request_comment_when_closing_conversation"), Again: company.On("Omnichannel_allow_force_close_conversations"),
		Tagged: desk.TagRequired, Tags: desk.ClosingTags}
}

// Preview implements conversation.Limits: as it is set now. If the settings cannot
// be read nothing is shown.
func (l limits) Preview(t id.Tenant, in id.Inbox) conversation.Preview {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	book, err := l.accounts.Book(ctx, t)
	if err != nil {
		l.log.Error("settings of the typing preview not read", "tenant", t, "error", err)
		return conversation.PreviewNone
	}
	switch settings := book.Inboxes[in].Settings; {
	case settings.NoTypingPreview:
		return conversation.PreviewNone
	case settings.NoRedaction:
		return conversation.PreviewAll
	}
	return conversation.PreviewRedacted
}
