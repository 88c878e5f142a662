package importer

import (
	"context"
	"io"
	"slices"

	"parlor/internal/actor"
	"parlor/internal/canned"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// Reply is a canned reply of the other system.
type Reply struct {
	ID, Shortcut, Text string
	// Scope is that of ours; Owner an agent or a team of the other system.
	Scope canned.Scope
	Owner string
	Maker string
	Tags  []string
}

// Contact is a person whom the other system keeps.
type Contact struct {
	contact.Contact
	// Manager is an agent of the other system.
	Manager string
}

// Library reads what a company keeps beside its conversations.
type Library interface {
	// Fields returns the fields of visitors and of conversations, without id.
	Fields(ctx context.Context) ([]field.VisitorField, error)
	// Replies returns the canned replies that the importing user may see.
	Replies(ctx context.Context) ([]Reply, error)
	// Contacts calls each for every contact, with its channels.
	Contacts(ctx context.Context, each func(Contact) error) error
	// File opens the file of a message; errs.NotFound if it is gone.
	File(ctx context.Context, address string) (io.ReadCloser, error)
}

// Files keeps the files of messages.
type Files interface {
	// Keep stores a file as sent by who.
	Keep(ctx context.Context, who actor.Actor, name string, r io.Reader) (conversation.File, error)
}

// LibraryStore is the memory of what a company keeps beside its conversations.
type LibraryStore interface {
	AllFields(ctx context.Context, t id.Tenant) ([]field.VisitorField, error)
	SaveField(ctx context.Context, f field.VisitorField, fresh bool, most int) error
	SetFieldValues(ctx context.Context, t id.Tenant, v id.Visitor, values map[string]string) error
	CannedEntry(ctx context.Context, t id.Tenant, entry string) (canned.Entry, error)
	SaveCanned(ctx context.Context, t id.Tenant, s canned.Shelf, categories []canned.Category, entries []canned.Entry, most int) error
	contact.Store
}

// absent notes that the other system does not have something, which is no error.
func (r *run) absent(what string, err error) error {
	if errs.CodeOf(err) == errs.NotFound {
		r.rep.note("the other system has no %s, or the user may not read them", what)
		return nil
	}
	return err
}

// library brings fields and canned replies.
func (r *run) library(ctx context.Context) error {
	if err := r.bringFields(ctx); err != nil {
		return err
	}
	list, err := r.src.Replies(ctx)
	if err != nil {
		return r.absent("canned replies", err)
	}
	for _, x := range list {
		if err := r.reply(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

// bringFields brings fields; one with the key of ours is that one.
func (r *run) bringFields(ctx context.Context) error {
	list, err := r.src.Fields(ctx)
	if err != nil {
		return r.absent("custom fields", err)
	}
	known, err := r.store.AllFields(ctx, r.Tenant)
	if err != nil {
		return err
	}
	for _, f := range list {
		if i := slices.IndexFunc(known, func(k field.VisitorField) bool { return k.Key == f.Key }); i >= 0 {
			r.fields[f.Key] = known[i]
			r.rep.Fields.Known++
			continue
		}
		f.ID, f.Tenant, f.CreatedAt = id.New(), r.Tenant, r.Now
		r.rep.Fields.New++
		if !r.Dry {
			if err := r.store.SaveField(ctx, f, true, 2*field.MaxFields); err != nil {
				return err
			}
		}
		r.fields[f.Key] = f
	}
	return nil
}

// reply brings a canned reply. One of an agent or a team that did not come is left out.
func (r *run) reply(ctx context.Context, x Reply) error {
	if _, err := r.store.CannedEntry(ctx, r.Tenant, x.ID); err == nil {
		r.rep.Replies.Known++
		return nil
	} else if errs.CodeOf(err) != errs.NotFound {
		return err
	}
	shelf, most := canned.Shelf{Kind: canned.Reply, Scope: x.Scope}, canned.MaxShared
	switch x.Scope {
	case canned.Personal:
		shelf.Owner, most = string(r.agents[x.Owner].ID), canned.MaxPersonal
	case canned.Team:
		shelf.Owner = string(r.teams[x.Owner])
	}
	text, shortcut := conversation.CleanText(x.Text), x.Shortcut
	if shelf.Owner == "" && x.Scope != canned.Company || text == "" || len([]rune(text)) > canned.MaxText || len([]rune(shortcut)) > canned.MaxShortcut {
		r.rep.note("the canned reply %q was left out: nobody owns it here, or it is empty or too long", shortcut)
		return nil
	}
	r.rep.Replies.New++
	if r.Dry {
		return nil
	}
	title := []rune(shortcut)
	e := canned.Entry{ID: x.ID, Tenant: r.Tenant, Shelf: shelf, Title: string(title[:min(len(title), canned.MaxTitle)]), Shortcut: shortcut, Text: text, Tags: x.Tags,
		Initials: canned.Initials(shortcut), CreatedBy: r.agents[x.Maker].ID, CreatedAt: r.Now, UpdatedAt: r.Now}
	return r.store.SaveCanned(ctx, r.Tenant, shelf, nil, []canned.Entry{e}, most)
}

// values are those of the fields of a scope, by the id of the field. Those that
// would not be accepted here are left out.
func (r *run) values(in map[string]string, scope string) map[string]string {
	out := map[string]string{}
	for key, value := range in {
		f, ok := r.fields[key]
		if !ok || f.Custom.In() != scope {
			continue
		}
		value, err := field.Check(f, value)
		if err != nil {
			r.rep.note("values of the field %q that do not fit were left out", key)
			continue
		}
		if value != "" {
			out[f.ID] = value
		}
	}
	return out
}

// contacts brings contacts after the conversations, whose visitors are their channels.
func (r *run) contacts(ctx context.Context) error {
	return r.absent("contacts", r.src.Contacts(ctx, func(c Contact) error {
		mine := c.Contact
		_, err := r.store.Contact(ctx, r.Tenant, mine.ID)
		switch {
		case err == nil:
			r.rep.Contacts.Known++
		case errs.CodeOf(err) != errs.NotFound:
			return err
		default:
			r.rep.Contacts.New++
			mine.Tenant, mine.Manager, mine.External, mine.UpdatedAt = r.Tenant, r.agents[c.Manager].ID, string(mine.ID), r.Now
			if mine.CreatedAt.IsZero() {
				mine.CreatedAt = r.Now
			}
			if r.Dry {
				return nil
			}
			if err := r.store.AddContact(ctx, mine); err != nil {
				return err
			}
		}
		if r.Dry {
			return nil
		}
		return r.link(ctx, mine)
	}))
}

// link makes the visitors that came the channels of their contact; those that
// have a contact here keep it.
func (r *run) link(ctx context.Context, c contact.Contact) error {
	has, err := r.store.ContactsOf(ctx, r.Tenant, c.Visitors())
	if err != nil {
		return err
	}
	for _, ch := range c.Channels {
		if owner, ok := has[ch.Visitor]; ok && owner != c.ID {
			continue
		}
		if ch.CreatedAt.IsZero() {
			ch.CreatedAt = r.Now
		}
		if err := r.store.LinkContact(ctx, r.Tenant, c.ID, ch); err != nil && errs.ReasonOf(err) != "visitor_not_found" {
			return err
		}
	}
	return nil
}

// file brings the file of a message. One that cannot be had becomes a text with
// its name and where it lies.
func (r *run) file(ctx context.Context, n *conversation.Message, m Message, v visitor.Visitor) error {
	if m.File == nil {
		return nil
	}
	r.rep.Files.New++
	if r.Dry || r.Files == nil {
		n.Text = m.File.text(n.Text)
		return nil
	}
	who := actor.Actor{Kind: actor.Visitor, Tenant: r.Tenant, Visitor: v.ID}
	if n.From.Kind == actor.Agent {
		who = actor.Actor{Kind: actor.Agent, Tenant: r.Tenant, Agent: id.Agent(n.From.ID)}
	}
	body, err := r.src.File(ctx, m.File.Address)
	if errs.CodeOf(err) == errs.NotFound {
		r.rep.note("files that are gone there were replaced by their names")
		n.Text = m.File.text(n.Text)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // it was read as far as wanted
	got, err := r.Files.Keep(ctx, who, m.File.Name, body)
	if code := errs.CodeOf(err); code == errs.Invalid || code == errs.TooLarge {
		r.rep.note("files that are too large or of a type that is not taken were replaced by their names")
		n.Text = m.File.text(n.Text)
		return nil
	}
	if err != nil {
		return err
	}
	n.Kind, n.File = conversation.FileK, &got
	if got.Width > 0 {
		n.Kind = conversation.Image
	}
	return nil
}

// Attached is the file of a message of the other system.
type Attached struct{ Name, Address string }

// text is what stands for a file that did not come.
func (a Attached) text(text string) string {
	return conversation.CleanText(text + "\n" + a.Name + " " + a.Address)
}
