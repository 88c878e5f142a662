package desk

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/id"
)

// contacts adds the calls about the people behind visitors.
func (f *Front) contacts() {
	needs := func(p string) []string { return []string{p} }
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "omnichannel/contacts", Do: f.addContact, Auth: true, Needs: needs("create-livechat-contact")},
		contract.Route{Method: http.MethodPost, Path: "omnichannel/contacts.update", Do: f.changeContact, Auth: true, Needs: needs("update-livechat-contact")},
		contract.Route{Method: http.MethodPost, Path: "omnichannel/contacts.conflicts", Do: f.settleContact, Auth: true, Needs: needs("update-livechat-contact")},
		contract.Route{Method: http.MethodGet, Path: "omnichannel/contacts.get", Do: f.oneContact, Auth: true, Needs: needs("view-livechat-contact")},
		contract.Route{Method: http.MethodGet, Path: "omnichannel/contacts.search", Do: f.searchContacts, Auth: true, Needs: needs("view-livechat-contact")},
		contract.Route{Method: http.MethodGet, Path: "omnichannel/contacts.checkExistence", Do: f.contactExists, Auth: true, Needs: needs("view-livechat-contact")},
		contract.Route{Method: http.MethodGet, Path: "omnichannel/contacts.channels", Do: f.contactChannels, Auth: true, Needs: needs("view-livechat-contact")},
		contract.Route{Method: http.MethodGet, Path: "omnichannel/contacts.history", Do: f.contactHistory, Auth: true, Needs: needs("view-livechat-contact-history")},
		contract.Route{Method: http.MethodPost, Path: "omnichannel/contacts.block", Do: f.blockContact, Auth: true, Needs: needs("block-livechat-contact")},
		contract.Route{Method: http.MethodPost, Path: "omnichannel/contacts.unblock", Do: f.unblockContact, Auth: true, Needs: needs("unblock-livechat-contact")},
		contract.Route{Method: http.MethodPost, Path: "omnichannel/contacts.delete", Do: f.removeContact, Auth: true, Needs: needs("delete-livechat-contact")},
	)
}

// contactOf is the contract's form of a contact.
func contactOf(c contact.Contact) contract.Object {
	emails, phones, channels := []contract.Object{}, []contract.Object{}, []contract.Object{}
	for _, e := range c.Emails {
		emails = append(emails, contract.Object{"address": e})
	}
	for _, p := range c.Phones {
		phones = append(phones, contract.Object{"phoneNumber": p})
	}
	for _, ch := range c.Channels {
		channels = append(channels, channelOf(ch))
	}
	fields := c.Fields
	if fields == nil {
		fields = map[string]string{}
	}
	o := contract.Object{"_id": c.ID, "name": c.Name, "emails": emails, "phones": phones, "unknown": c.Unknown, "customFields": fields, "channels": channels,
		"createdAt": contract.StampOf(c.CreatedAt), "_updatedAt": contract.StampOf(c.UpdatedAt)}
	contract.Put(o, "contactManager", string(c.Manager))
	if c.LastChat != nil {
		o["lastChat"] = chatOf(*c.LastChat)
	}
	if c.External != "" {
		o["importIds"] = []string{c.External}
	}
	if len(c.Conflicts) > 0 {
		list := make([]contract.Object, len(c.Conflicts))
		for i, x := range c.Conflicts {
			field := x.Field
			if key, ok := strings.CutPrefix(field, contact.FieldPrefix); ok {
				field = "customFields." + key
			}
			list[i] = contract.Object{"field": field, "value": x.Value}
		}
		o["hasConflict"], o["conflictingFields"] = true, list
	}
	return o
}

func chatOf(c contact.Last) contract.Object {
	return contract.Object{"_id": c.Conversation, "ts": contract.StampOf(c.At)}
}

// channelOf is the contract's form of a channel, which is named after its kind.
// Before 7.1 the visitor's id stood beside the rest.
func channelOf(ch contact.Channel) contract.Object {
	kind := contract.SourceOf(ch.Source)
	o := contract.Object{"name": kind, "verified": ch.Verified, "blocked": ch.Blocked, "details": contract.Object{"type": kind},
		"visitorId": ch.Visitor, "visitor": contract.Object{"visitorId": ch.Visitor, "source": contract.Object{"type": kind}}}
	if ch.LastChat != nil {
		o["lastChat"] = chatOf(*ch.LastChat)
	}
	return o
}

// contactFault puts what contacts refuse into the words of the contract.
func (f *Front) contactFault(ctx context.Context, c *contract.Call, err error) error {
	switch errs.ReasonOf(err) {
	case "contact_not_found":
		return contract.Plain("error-contact-not-found")
	case "manager_not_found":
		return contract.Plain("error-contact-manager-not-found")
	case "no_conflicts":
		return contract.Plain("error-contact-has-no-conflicts")
	case "unknown_field":
		return contract.Plain("Custom field " + errs.FieldOf(err) + " is not allowed")
	case "bad_value", "required":
		fields, lerr := f.Fields.All(ctx, c.Tenant)
		if lerr != nil {
			return lerr
		}
		for _, x := range fields {
			if x.Key == errs.FieldOf(err) {
				return contract.Plain("Invalid value for " + x.Name + " field")
			}
		}
	}
	return err
}

// The parts that bodies about contacts share.
var (
	texts       = contract.List(contract.Text)
	openObject  = contract.Dict().Open()
	contactID   = contract.Must("contactId", contract.Text)
	byContactID = contract.Dict(contactID)
)

type contactBody struct {
	ContactID      id.Contact
	Name           *string
	Emails, Phones *[]string
	CustomFields   map[string]any
	ContactManager *id.Agent
	WipeConflicts  bool
}

// input is what a body says of a contact.
func (b contactBody) input() (in contact.Input, err error) {
	in = contact.Input{Name: b.Name, Emails: b.Emails, Phones: b.Phones, Manager: b.ContactManager, Settled: b.WipeConflicts}
	if b.CustomFields != nil {
		in.Fields = make(map[string]string, len(b.CustomFields))
		for key, v := range b.CustomFields {
			text, ok := contract.Coerce(v, contract.KindString)
			if s, isText := v.(string); isText {
				text, ok = s, true
			}
			if !ok {
				return in, contract.InvalidParams("must be string")
			}
			in.Fields[key], _ = text.(string)
		}
	}
	return in, nil
}

var addContactShape = contract.Dict(contract.Must("name", contract.Text), contract.Must("emails", texts), contract.Must("phones", texts),
	contract.Maybe("customFields", openObject), contract.Maybe("contactManager", contract.Text))

func (f *Front) addContact(ctx context.Context, c *contract.Call) (any, error) {
	var in contactBody
	if err := c.Read(addContactShape, &in); err != nil {
		return nil, err
	}
	what, err := in.input()
	if err != nil {
		return nil, err
	}
	got, err := f.Contacts.Add(ctx, c.Who, what)
	if err != nil {
		return nil, f.contactFault(ctx, c, err)
	}
	return contract.Object{"contactId": got.ID}, nil
}

var changeContactShape = contract.Dict(contactID, contract.Maybe("name", contract.Text), contract.Maybe("emails", texts), contract.Maybe("phones", texts),
	contract.Maybe("customFields", openObject.OrNull()), contract.Maybe("contactManager", contract.Text), contract.Maybe("wipeConflicts", contract.Boolean))

func (f *Front) changeContact(ctx context.Context, c *contract.Call) (any, error) {
	return f.editContact(ctx, c, changeContactShape, "contact", f.Contacts.Change)
}

var settleShape = contract.Dict(contactID, contract.Maybe("name", contract.Text), contract.Maybe("customFields", openObject.OrNull()),
	contract.Maybe("contactManager", contract.Text), contract.Maybe("wipeConflicts", contract.Boolean))

func (f *Front) settleContact(ctx context.Context, c *contract.Call) (any, error) {
	return f.editContact(ctx, c, settleShape, "result", f.Contacts.Settle)
}

// contactEdit is a use case that changes a contact.
type contactEdit func(ctx context.Context, who actor.Actor, c id.Contact, in contact.Input) (contact.Contact, error)

// editContact reads a change, makes it, and answers the contact under a name.
func (f *Front) editContact(ctx context.Context, c *contract.Call, s contract.Shape, name string, edit contactEdit) (any, error) {
	var in contactBody
	if err := c.Read(s, &in); err != nil {
		return nil, err
	}
	what, err := in.input()
	if err != nil {
		return nil, err
	}
	got, err := edit(ctx, c.Who, in.ContactID, what)
	if err != nil {
		return nil, f.contactFault(ctx, c, err)
	}
	return contract.Object{name: contactOf(got)}, nil
}

func (f *Front) oneContact(ctx context.Context, c *contract.Call) (any, error) {
	if err := c.ReadQuery(byContactID, &struct{}{}); err != nil {
		return nil, err
	}
	got, err := f.Contacts.Contact(ctx, c.Who, id.Contact(c.Arg("contactId")))
	if contract.IsMissing(err) {
		return nil, contract.NotFound("Resource not found")
	}
	if err != nil {
		return nil, err
	}
	view := contactOf(got)
	return contract.Object{"contact": view}, f.active(ctx, c.Tenant, got, view)
}

// active adds the months in which a contact was answered on any of its channels.
func (f *Front) active(ctx context.Context, t id.Tenant, got contact.Contact, view contract.Object) error {
	visitors := make([]id.Visitor, len(got.Channels))
	for i, ch := range got.Channels {
		visitors[i] = ch.Visitor
	}
	by, err := f.Conversations.Activity(ctx, t, visitors)
	var months []string
	for _, list := range by {
		months = append(months, list...)
	}
	slices.Sort(months)
	if months = slices.Compact(months); len(months) > 0 {
		view["activity"] = months
	}
	return err
}

// searchContacts answers the confirmed ones unless unknown ones are asked for. The
// count is the one that was asked for.
func (f *Front) searchContacts(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	unknown := c.Yes("unknown")
	page, total, err := f.Contacts.Find(ctx, c.Who, contact.Query{Text: strings.TrimSpace(c.Arg("searchText")), Unknown: &unknown, Offset: w.Offset, Limit: max(w.Count, 1)})
	if err != nil {
		return nil, err
	}
	list := make([]contract.Object, len(page))
	for i, x := range page {
		list[i] = contactOf(x)
	}
	return contract.Object{"contacts": list, "count": w.Count, "offset": w.Offset, "total": total}, nil
}

// What checkExistence says about a query that names none or several.
const (
	namesNone = "must have required property 'contactId'\n must have required property 'email'\n must have required property 'phone'\n must match exactly one schema in oneOf"
	namesMany = "must NOT have additional properties\n must NOT have additional properties\n must NOT have additional properties\n must match exactly one schema in oneOf"
)

func (f *Front) contactExists(ctx context.Context, c *contract.Call) (any, error) {
	q := contact.Query{Email: c.Arg("email"), Phone: c.Arg("phone"), Limit: 1}
	which := c.Arg("contactId")
	named := 0
	for _, s := range []string{q.Email, q.Phone, which} {
		if s != "" {
			named++
		}
	}
	switch {
	case named == 0:
		return nil, contract.InvalidParams(namesNone)
	case named > 1:
		return nil, contract.InvalidParams(namesMany)
	}
	if which != "" {
		_, err := f.Contacts.Contact(ctx, c.Who, id.Contact(which))
		if contract.IsMissing(err) {
			return contract.Object{"exists": false}, nil
		}
		return contract.Object{"exists": true}, err
	}
	_, total, err := f.Contacts.Find(ctx, c.Who, q)
	return contract.Object{"exists": total > 0}, err
}

// contactChannels answers none for a contact that does not exist.
func (f *Front) contactChannels(ctx context.Context, c *contract.Call) (any, error) {
	if err := c.ReadQuery(byContactID, &struct{}{}); err != nil {
		return nil, err
	}
	got, err := f.Contacts.Contact(ctx, c.Who, id.Contact(c.Arg("contactId")))
	if err != nil && !contract.IsMissing(err) {
		return nil, err
	}
	list := []contract.Object{}
	for _, ch := range got.Channels {
		list = append(list, channelOf(ch))
	}
	return contract.Object{"channels": list}, nil
}

// contactHistory lists the closed rooms of all visitors that a contact is.
func (f *Front) contactHistory(ctx context.Context, c *contract.Call) (any, error) {
	if c.Arg("contactId") == "" {
		return nil, contract.InvalidParams("must have required property 'contactId'")
	}
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	got, err := f.Contacts.Contact(ctx, c.Who, id.Contact(c.Arg("contactId")))
	if err != nil {
		return nil, f.contactFault(ctx, c, err)
	}
	q := conversation.Query{Visitors: got.Visitors(), State: conversation.Ended, Order: conversation.ByEnd, Offset: w.Offset, Limit: max(w.Count, 1)}
	if source := c.Arg("source"); source != "" {
		q.Channels = contract.ChannelsOf(source)
	}
	if len(q.Visitors) == 0 {
		return f.roomPage(ctx, c, "history", nil, w, 0)
	}
	list, total, err := f.Conversations.Look(ctx, grant.Lend(c.Who, "view-livechat-rooms"), q)
	if err != nil {
		return nil, err
	}
	return f.roomPage(ctx, c, "history", list, w, total)
}

// channelShape names a channel: a visitor and the kind of its source.
var channelShape = contract.Dict(contract.Must("visitor", contract.Dict(contract.Must("visitorId", contract.Text),
	contract.Must("source", contract.Dict(contract.Must("type", contract.Text), contract.Maybe("id", contract.Text))))))

// blockedWord closes the room of a channel that is blocked.
const blockedWord = "This channel has been blocked"

func (f *Front) blockContact(ctx context.Context, c *contract.Call) (any, error) {
	v, source, err := f.channelFrom(ctx, c)
	if err != nil {
		return nil, err
	}
	_, err = f.Contacts.Block(ctx, c.Who, v, source, blockedWord)
	return contract.Object{}, f.contactFault(ctx, c, err)
}

func (f *Front) unblockContact(ctx context.Context, c *contract.Call) (any, error) {
	v, source, err := f.channelFrom(ctx, c)
	if err != nil {
		return nil, err
	}
	_, err = f.Contacts.Unblock(ctx, c.Who, v, source)
	return contract.Object{}, f.contactFault(ctx, c, err)
}

// channelFrom reads the channel that a body names.
func (f *Front) channelFrom(ctx context.Context, c *contract.Call) (id.Visitor, string, error) {
	var in struct {
		Visitor struct {
			VisitorID id.Visitor
			Source    struct{ Type string }
		}
	}
	if err := c.Read(channelShape, &in); err != nil {
		return "", "", err
	}
	v := in.Visitor
	got, err := f.Contacts.Of(ctx, c.Who, v.VisitorID)
	if err != nil {
		return "", "", f.contactFault(ctx, c, err)
	}
	for _, ch := range got.Channels {
		if ch.Visitor == v.VisitorID && contract.SourceOf(ch.Source) == v.Source.Type {
			return ch.Visitor, ch.Source, nil
		}
	}
	return "", "", contract.Plain("error-contact-not-found")
}

func (f *Front) removeContact(ctx context.Context, c *contract.Call) (any, error) {
	var in contactBody
	if err := c.Read(byContactID, &in); err != nil {
		return nil, err
	}
	err := f.Contacts.Remove(ctx, c.Who, in.ContactID)
	if contract.IsMissing(err) {
		return nil, contract.NotFound("Resource not found")
	}
	return contract.Object{}, err
}
