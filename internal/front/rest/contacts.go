package rest

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/id"
)

// ContactCard is a contact.
type ContactCard struct{ contact.Contact }

// ContactBody is what is said of a contact; what is left out stays as it is.
type ContactBody struct{ contact.Input }

// ByContact names a contact in the path.
type ByContact struct {
	ID id.Contact `path:"id" maxLength:"64"`
}

type listContacts struct {
	Q       string   `query:"q" maxLength:"200" doc:"A part of name, e-mail address or phone number"`
	Email   string   `query:"email" maxLength:"254" doc:"A whole address"`
	Phone   string   `query:"phone" maxLength:"40" doc:"A whole number, as it is kept"`
	Manager id.Agent `query:"manager" maxLength:"64"`
	Kind    string   `query:"kind" enum:"known,unknown,all" default:"known" doc:"Confirmed ones, those a conversation has made, or all"`
	Newest  bool     `query:"newest" doc:"Who wrote last comes first; else by name"`
	Offset  int      `query:"offset" minimum:"0" maximum:"100000" default:"0"`
	Limit   int      `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

// contactPage is a part of the contacts that fit.
type contactPage struct {
	Items []ContactCard `json:"items"`
	// Total is how many fit.
	Total int `json:"total"`
}

type addContact struct{ Body ContactBody }

type putContact struct {
	ByContact
	Body ContactBody
}

type blockContact struct {
	ByContact
	Body struct {
		Visitor id.Visitor `json:"visitor" minLength:"1" maxLength:"64"`
		Source  string     `json:"source" maxLength:"64"`
		Blocked bool       `json:"blocked" doc:"A blocked channel begins no conversation; the one that runs is closed"`
	}
}

type verifyContact struct {
	ByContact
	Body struct {
		Visitor  id.Visitor `json:"visitor" minLength:"1" maxLength:"64"`
		Source   string     `json:"source" maxLength:"64"`
		Verified bool       `json:"verified" doc:"Whoever writes there has shown to be this person"`
	}
}

type contactHistory struct {
	ByContact
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

// contactOf writes the lists of a contact as lists.
func contactOf(c contact.Contact, err error) (ContactCard, error) {
	c.Emails, c.Phones, c.Channels, c.Conflicts = full(c.Emails), full(c.Phones), full(c.Channels), full(c.Conflicts)
	if c.Fields == nil {
		c.Fields = map[string]string{}
	}
	return ContactCard{c}, err
}

// contacts registers the people behind visitors.
func (a *API) contacts() {
	const tag = "contacts"
	type one = body[ContactCard]
	asAgent(a, http.MethodGet, "/contacts", "List or find contacts", tag, func(ctx context.Context, l account.Login, in *listContacts) (*body[contactPage], error) {
		q := contact.Query{Text: in.Q, Email: in.Email, Phone: in.Phone, Manager: in.Manager, Newest: in.Newest, Offset: in.Offset, Limit: in.Limit}
		if in.Kind != "all" {
			unknown := in.Kind == "unknown"
			q.Unknown = &unknown
		}
		list, total, err := a.Desk.Contacts.Find(ctx, l.Actor(), q)
		out := contactPage{Items: make([]ContactCard, len(list)), Total: total}
		for i, c := range list {
			out.Items[i], _ = contactOf(c, nil)
		}
		return reply(out, err)
	})
	asAgent(a, http.MethodPost, "/contacts", "Add a contact", tag, func(ctx context.Context, l account.Login, in *addContact) (*one, error) {
		return reply(contactOf(a.Desk.Contacts.Add(ctx, l.Actor(), in.Body.Input)))
	})
	asAgent(a, http.MethodGet, "/contacts/{id}", "One contact", tag, func(ctx context.Context, l account.Login, in *ByContact) (*one, error) {
		return reply(contactOf(a.Desk.Contacts.Contact(ctx, l.Actor(), in.ID)))
	})
	asAgent(a, http.MethodPatch, "/contacts/{id}", "Change a contact, which is confirmed then", tag, func(ctx context.Context, l account.Login, in *putContact) (*one, error) {
		return reply(contactOf(a.Desk.Contacts.Change(ctx, l.Actor(), in.ID, in.Body.Input)))
	})
	asAgent(a, http.MethodPost, "/contacts/{id}/settle", "Settle what visitors said differently", tag, func(ctx context.Context, l account.Login, in *putContact) (*one, error) {
		return reply(contactOf(a.Desk.Contacts.Settle(ctx, l.Actor(), in.ID, in.Body.Input)))
	})
	asAgent(a, http.MethodPost, "/contacts/{id}/block", "Block a channel of a contact, or let it in again", tag, a.blockContact)
	asAgent(a, http.MethodPost, "/contacts/{id}/verify", "Note that a channel is known to be the contact's, or that it is not", tag, a.verifyContact)
	asAgent(a, http.MethodDelete, "/contacts/{id}", "Delete a contact; its conversations stay", tag, func(ctx context.Context, l account.Login, in *ByContact) (*none, error) {
		return nil, a.Desk.Contacts.Remove(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodGet, "/contacts/{id}/conversations", "The closed conversations of a contact on all channels, newest first", tag, a.contactHistory)
	asAgent(a, http.MethodPost, "/visitors/{id}/contact", "The contact of a visitor, made if there is none", tag, func(ctx context.Context, l account.Login, in *ByVisitor) (*one, error) {
		return reply(contactOf(a.Desk.Contacts.Reach(ctx, l.Actor(), in.ID, "web")))
	})
}

// blockContact answers only for channels of the contact in the path.
func (a *API) blockContact(ctx context.Context, l account.Login, in *blockContact) (*body[ContactCard], error) {
	ch, err := a.channelOf(ctx, l, in.ID, in.Body.Visitor, in.Body.Source)
	if err != nil {
		return nil, err
	}
	if in.Body.Blocked {
		return reply(contactOf(a.Desk.Contacts.Block(ctx, l.Actor(), ch.Visitor, ch.Source, "")))
	}
	return reply(contactOf(a.Desk.Contacts.Unblock(ctx, l.Actor(), ch.Visitor, ch.Source)))
}

// verifyContact answers only for channels of the contact in the path.
func (a *API) verifyContact(ctx context.Context, l account.Login, in *verifyContact) (*body[ContactCard], error) {
	ch, err := a.channelOf(ctx, l, in.ID, in.Body.Visitor, in.Body.Source)
	if err != nil {
		return nil, err
	}
	return reply(contactOf(a.Desk.Contacts.Verify(ctx, l.Actor(), ch.Visitor, ch.Source, in.Body.Verified)))
}

// channelOf finds a channel of a contact.
func (a *API) channelOf(ctx context.Context, l account.Login, c id.Contact, v id.Visitor, source string) (contact.Channel, error) {
	got, err := a.Desk.Contacts.Contact(ctx, l.Actor(), c)
	if err != nil {
		return contact.Channel{}, err
	}
	for _, ch := range got.Channels {
		if ch.Visitor == v && ch.Source == source {
			return ch, nil
		}
	}
	return contact.Channel{}, contact.ErrChannel
}

// contactHistory answers an agent who may not see everything its own ones.
func (a *API) contactHistory(ctx context.Context, l account.Login, in *contactHistory) (*body[items[conversation.Conversation]], error) {
	c, err := a.Desk.Contacts.Contact(ctx, l.Actor(), in.ID)
	if err != nil || len(c.Channels) == 0 {
		return listed([]conversation.Conversation{}, err)
	}
	q := conversation.Query{Visitors: c.Visitors(), State: conversation.Ended, Order: conversation.ByEnd, Limit: in.Limit}
	if !l.Actor().Can(actor.SeeAll) {
		q.Agents = []id.Agent{l.Agent.ID}
	}
	list, _, err := a.Conversations.Look(ctx, l.Actor(), q)
	return listed(list, err)
}
