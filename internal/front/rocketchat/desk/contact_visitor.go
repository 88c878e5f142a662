package desk

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"parlor/internal/account"
	"parlor/internal/contact"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// visitorContacts adds the older calls, in which a contact is a visitor.
func (f *Front) visitorContacts() {
	needs := []string{"view-l-room"}
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "omnichannel/contact", Do: f.registerContact, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodGet, Path: "omnichannel/contact", Do: f.visitorContact, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodGet, Path: "omnichannel/contact.search", Do: f.searchContact, Auth: true, Needs: needs},
	)
}

var registerContactShape = contract.Dict(contract.Maybe("_id", contract.Text), contract.Must("token", contract.Text), contract.Must("name", contract.Text),
	contract.Maybe("email", contract.Text), contract.Maybe("phone", contract.Text), contract.Maybe("username", contract.Text), contract.Maybe("customFields", openObject),
	contract.Maybe("contactManager", contract.Dict(contract.Must("username", contract.Text)))).Matched()

type registerContactBody struct {
	Token, Name, Email, Phone, Username string
	contactBody
	ContactManager struct{ Username string }
}

// registerContact registers a visitor; an address that is left out is taken away.
func (f *Front) registerContact(ctx context.Context, c *contract.Call) (any, error) {
	var in registerContactBody
	if err := c.Read(registerContactShape, &in); err != nil {
		return nil, err
	}
	manager, err := f.managerNamed(ctx, c, in.ContactManager.Username)
	if err != nil {
		return nil, err
	}
	values, err := f.contactValues(ctx, c, in.contactBody)
	if err != nil {
		return nil, err
	}
	k, _, err := f.Visitors.Register(ctx, visitor.Registration{Tenant: c.Tenant, Inbox: c.Inbox, Token: in.Token, Username: in.Username, Name: in.Name, Email: in.Email, Phone: in.Phone})
	switch errs.ReasonOf(err) {
	case "bad_email":
		return nil, contract.Structured("error-invalid-email", errs.MessageOf(err))
	case "blank_token":
		return nil, contract.Structured("error-contact-data-no-token", "")
	}
	if err != nil {
		return nil, err
	}
	if in.Email == "" && k.Visitor.Email != "" || in.Phone == "" && k.Visitor.Phone != "" {
		if _, err := f.Visitors.Update(ctx, c.Who, k.Visitor.ID, visitor.Details{Email: &in.Email, Phone: &in.Phone}); err != nil {
			return nil, err
		}
	}
	if _, err := f.Fields.SetBy(ctx, c.Tenant, k.Visitor.ID, "", nil, values, true); err != nil {
		return nil, err
	}
	if manager != "" {
		got, err := f.Contacts.Reach(ctx, c.Who, k.Visitor.ID, "api")
		if err == nil {
			_, err = f.Contacts.Change(ctx, c.Who, got.ID, contact.Input{Manager: &manager})
		}
		if err != nil {
			return nil, f.contactFault(ctx, c, err)
		}
	}
	return contract.Object{"contact": k.Visitor.ID}, nil
}

// managerNamed finds the agent who shall look after a contact.
func (f *Front) managerNamed(ctx context.Context, c *contract.Call, username string) (id.Agent, error) {
	if username == "" {
		return "", nil
	}
	people, err := f.People(ctx, c.Tenant)
	if err != nil {
		return "", err
	}
	for _, a := range people {
		if a.Username != username {
			continue
		}
		if !a.Has(account.Member) {
			return "", contract.Structured("error-invalid-contact-manager", "The contact manager must have the role \"livechat-agent\"")
		}
		return a.ID, nil
	}
	return "", contract.Structured("error-contact-manager-not-found", "No user found with username "+username)
}

// contactValues checks the values of the fields that exist here.
func (f *Front) contactValues(ctx context.Context, c *contract.Call, in contactBody) ([]field.Value, error) {
	what, err := in.input()
	if err != nil {
		return nil, err
	}
	fields, err := f.Fields.All(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	var values []field.Value
	for _, x := range fields {
		if v, ok := what.Fields[x.Key]; ok && x.Custom.In() == field.OfVisitor {
			known[x.Key] = v
			values = append(values, field.Value{Key: x.Key, Value: v, Overwrite: true})
		}
	}
	judge, err := f.Fields.Judge(ctx, c.Who)
	if err != nil {
		return nil, err
	}
	_, err = judge(nil, known)
	return values, f.contactFault(ctx, c, err)
}

// visitorContact answers a visitor, null if there is none.
func (f *Front) visitorContact(ctx context.Context, c *contract.Call) (any, error) {
	if err := c.ReadQuery(contract.Dict(contactID).Matched(), &struct{}{}); err != nil {
		return nil, err
	}
	return f.contactAnswer(ctx, c, id.Visitor(c.Arg("contactId")))
}

func (f *Front) contactAnswer(ctx context.Context, c *contract.Call, which id.Visitor) (any, error) {
	v, err := f.Visitors.Visitor(ctx, c.Tenant, which)
	if contract.IsMissing(err) {
		return contract.Object{"contact": nil}, nil
	}
	if err != nil {
		return nil, err
	}
	i, err := f.Visitors.Identity(ctx, c.Tenant, v.ID)
	if err != nil {
		return nil, err
	}
	view, err := f.WithData(ctx, contract.VisitorOf(visitor.Known{Visitor: v, Identity: i}), c.Tenant)
	return contract.Object{"contact": view}, err
}

// mostLooked is how many visitors that fit a part of what is searched are looked at.
const mostLooked = 100

// searchContact finds a visitor by its whole address, or by a part of a value of a
// field that can be searched.
func (f *Front) searchContact(ctx context.Context, c *contract.Call) (any, error) {
	shape := contract.Dict(contract.Maybe("email", contract.Text), contract.Maybe("phone", contract.Text), contract.Maybe("custom", contract.Text)).Matched()
	if err := c.ReadQuery(shape, &struct{}{}); err != nil {
		return nil, err
	}
	email, phone := strings.ToLower(strings.TrimSpace(c.Arg("email"))), strings.TrimSpace(c.Arg("phone"))
	custom, err := customOf(c.Arg("custom"))
	switch {
	case err != nil:
		return nil, err
	case email == "" && phone == "" && len(custom) == 0:
		return nil, contract.Structured("error-invalid-params", "")
	case email != "" || phone != "":
		return f.contactWith(ctx, c, func(v visitor.Visitor) bool {
			return (email == "" || v.Email == email) && (phone == "" || v.Phone == phone)
		}, email, phone)
	}
	fields, err := f.Fields.All(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	for _, x := range fields {
		part, ok := custom[x.Key]
		if !ok || part == "" || !x.Custom.Searchable || x.Custom.In() != field.OfVisitor {
			continue
		}
		list, _, err := f.Visitors.Search(ctx, c.Who, visitor.Search{Text: part, Order: visitor.BySeen, Limit: mostLooked})
		if err != nil {
			return nil, err
		}
		values, err := f.Fields.ValuesOf(ctx, c.Tenant, idsOf(list))
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			if strings.Contains(strings.ToLower(values[v.Visitor.ID][x.Key]), strings.ToLower(part)) {
				return f.contactAnswer(ctx, c, v.Visitor.ID)
			}
		}
	}
	return contract.Object{"contact": nil}, nil
}

// contactWith answers the first visitor with a text that fits.
func (f *Front) contactWith(ctx context.Context, c *contract.Call, fits func(visitor.Visitor) bool, texts ...string) (any, error) {
	for _, text := range texts {
		if text == "" {
			continue
		}
		list, _, err := f.Visitors.Search(ctx, c.Who, visitor.Search{Text: text, Order: visitor.BySeen, Limit: mostLooked})
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			if fits(v.Visitor) {
				return f.contactAnswer(ctx, c, v.Visitor.ID)
			}
		}
	}
	return contract.Object{"contact": nil}, nil
}

func idsOf(list []visitor.Found) []id.Visitor {
	ids := make([]id.Visitor, len(list))
	for i, v := range list {
		ids[i] = v.Visitor.ID
	}
	return ids
}

// customOf reads the JSON object of fields that are searched.
func customOf(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	var in map[string]any
	if err := json.Unmarshal([]byte(text), &in); err != nil || len(in) == 0 {
		return nil, contract.Structured("error-invalid-params-custom", "")
	}
	out := map[string]string{}
	for k, v := range in {
		out[k], _ = v.(string)
	}
	return out, nil
}
