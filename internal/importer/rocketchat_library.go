package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parlor/internal/canned"
	"parlor/internal/contact"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/id"
)

// Fields implements Library: custom fields of Omnichannel.
func (s RocketChat) Fields(ctx context.Context) (list []field.VisitorField, err error) {
	err = s.pages(ctx, "livechat/custom-fields", "customFields", nil, func(raw json.RawMessage) error {
		var d struct {
			ID                                              string `json:"_id"`
			Label, Scope, Visibility, Regexp, Type, Options string
			DefaultValue                                    string
			Searchable, Required, Public                    bool
		}
		if err := json.Unmarshal(raw, &d); err != nil {
			return err
		}
		f := field.VisitorField{Key: d.ID, Name: d.Label, Kind: field.Text, Options: []string{}, Required: d.Required, Sort: len(list),
			Custom: field.Custom{Scope: d.Scope, Hidden: d.Visibility == "hidden", Pattern: d.Regexp, Searchable: d.Searchable, Public: d.Public, Preset: d.DefaultValue}}
		if f.Name == "" {
			f.Name = d.ID
		}
		if d.Type == "select" {
			for _, o := range strings.Split(d.Options, ",") {
				if o = strings.TrimSpace(o); o != "" {
					f.Options = append(f.Options, o)
				}
			}
			if len(f.Options) > 0 {
				f.Kind = field.Choice
			}
		}
		list = append(list, f)
		return nil
	})
	return list, err
}

// Replies implements Library: canned responses, which not every edition has.
func (s RocketChat) Replies(ctx context.Context) (list []Reply, err error) {
	scopes := map[string]canned.Scope{"user": canned.Personal, "department": canned.Team, "global": canned.Company}
	err = s.pages(ctx, "canned-responses", "cannedResponses", nil, func(raw json.RawMessage) error {
		var d struct {
			ID                                          string `json:"_id"`
			Shortcut, Text, Scope, UserID, DepartmentID string
			Tags                                        []string
			CreatedBy                                   struct {
				ID string `json:"_id"`
			}
		}
		if err := json.Unmarshal(raw, &d); err != nil {
			return err
		}
		r := Reply{ID: d.ID, Shortcut: d.Shortcut, Text: d.Text, Scope: scopes[d.Scope], Maker: d.CreatedBy.ID, Tags: d.Tags}
		switch r.Scope {
		case canned.Personal:
			r.Owner = d.UserID
		case canned.Team:
			r.Owner = d.DepartmentID
		case "":
			return nil
		}
		list = append(list, r)
		return nil
	})
	return list, err
}

// Contacts implements Library: contacts, which servers before 7.0 do not have;
// those that nobody confirmed included.
func (s RocketChat) Contacts(ctx context.Context, each func(Contact) error) error {
	for _, unknown := range []string{"false", "true"} {
		err := s.pages(ctx, "omnichannel/contacts.search", "contacts", url.Values{"unknown": {unknown}}, func(raw json.RawMessage) error {
			var d contactDoc
			if err := json.Unmarshal(raw, &d); err != nil {
				return err
			}
			return each(d.contact())
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// contactDoc is a contact as the server shows it.
type contactDoc struct {
	ID             string `json:"_id"`
	Name           string
	Emails         []struct{ Address string }
	Phones         []struct{ PhoneNumber string }
	ContactManager string
	Unknown        bool
	CustomFields   map[string]any
	CreatedAt      string
	Channels       []struct {
		Verified, Blocked bool
		Visitor           struct {
			VisitorID string
			Source    struct{ Type string }
		}
		LastChat *struct {
			ID string `json:"_id"`
			At string `json:"ts"`
		}
	}
}

func (d contactDoc) contact() Contact {
	c := Contact{Manager: d.ContactManager}
	c.ID, c.Name, c.Unknown, c.CreatedAt, c.Fields = id.Contact(d.ID), d.Name, d.Unknown, instant(d.CreatedAt), texts(d.CustomFields)
	for _, e := range d.Emails {
		c.Emails = append(c.Emails, strings.ToLower(e.Address))
	}
	for _, p := range d.Phones {
		c.Phones = append(c.Phones, p.PhoneNumber)
	}
	c.Emails, c.Phones = c.Emails[:min(len(c.Emails), contact.MaxPoints)], c.Phones[:min(len(c.Phones), contact.MaxPoints)]
	for _, ch := range d.Channels {
		x := contact.Channel{Visitor: id.Visitor(ch.Visitor.VisitorID), Source: sourceOf(ch.Visitor.Source.Type), Verified: ch.Verified, Blocked: ch.Blocked}
		if ch.LastChat != nil {
			x.LastChat = &contact.Last{Conversation: id.Conversation(ch.LastChat.ID), At: instant(ch.LastChat.At)}
		}
		c.Channels = append(c.Channels, x)
	}
	return c
}

// sourceOf is the channel of ours that a type of source stands for.
func sourceOf(kind string) string {
	if kind == "" || kind == "widget" {
		return "web"
	}
	return kind
}

// texts are values as text; what is no scalar is left out.
func texts(in map[string]any) map[string]string {
	out := make(map[string]string, len(in))
	for k, v := range in {
		switch v.(type) {
		case string, float64, bool:
			out[k] = fmt.Sprint(v)
		}
	}
	return out
}

// fileTimeout bounds the reading of one file.
const fileTimeout = 10 * time.Minute

// File implements Library. Only files of the server itself are read: an address
// elsewhere would get the token.
func (s RocketChat) File(ctx context.Context, address string) (io.ReadCloser, error) {
	base, err := url.Parse(strings.TrimRight(s.URL, "/") + "/")
	if err != nil {
		return nil, err
	}
	u, err := base.Parse(strings.TrimPrefix(address, "/"))
	if strings.Contains(address, "://") {
		u, err = url.Parse(address)
	}
	if err != nil || u.Host != base.Host || u.Scheme != base.Scheme {
		return nil, errs.New(errs.NotFound, "file_elsewhere", "the file does not lie on the server")
	}
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		cancel()
		return nil, err
	}
	s.sign(r)
	answer, err := s.client().Do(r)
	if err != nil {
		cancel()
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		_ = answer.Body.Close() // nothing of it is wanted
		cancel()
		return nil, errs.New(errs.NotFound, "file_gone", "the file answered %d", answer.StatusCode)
	}
	return body{answer.Body, cancel}, nil
}

// body ends the time of its request when it is closed.
type body struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (b body) Close() error {
	b.cancel()
	return b.ReadCloser.Close()
}
