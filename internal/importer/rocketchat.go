package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
)

// RocketChat reads a Rocket.Chat server by its REST API. The user needs the
// permissions of a manager of its Omnichannel.
type RocketChat struct {
	// URL is http(s)://host, User and Token a personal access token.
	URL, User, Token string
	// Client defaults to one with a timeout of a minute.
	Client *http.Client
}

// Limits of what is read.
const (
	pageSize  = 100
	mostBody  = 64 << 20
	mostPages = 100_000
)

// get reads one answer into dest.
func (s RocketChat) get(ctx context.Context, path string, query url.Values, dest any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(s.URL, "/")+"/api/v1/"+path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	s.sign(r)
	answer, err := s.client().Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // it was read as far as wanted
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostBody))
	if err != nil {
		return err
	}
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusForbidden:
		return errs.New(errs.NotFound, "not_there", "%s answered %d: %.200s", path, answer.StatusCode, body)
	default:
		return fmt.Errorf("%s answered %d: %.200s", path, answer.StatusCode, body)
	}
	// A call that a server does not have is answered with its page.
	if strings.HasPrefix(strings.TrimSpace(string(body[:min(len(body), 100)])), "<") {
		return errs.New(errs.NotFound, "not_there", "%s is not there", path)
	}
	return json.Unmarshal(body, dest)
}

// sign puts the credentials into a request.
func (s RocketChat) sign(r *http.Request) {
	r.Header.Set("X-User-Id", s.User)
	r.Header.Set("X-Auth-Token", s.Token)
}

func (s RocketChat) client() *http.Client {
	if s.Client != nil {
		return s.Client
	}
	return &http.Client{Timeout: fileTimeout}
}

// pages reads a list page after page; each gets the raw items.
func (s RocketChat) pages(ctx context.Context, path, name string, query url.Values, each func(json.RawMessage) error) error {
	for n := range mostPages {
		q := url.Values{"offset": {strconv.Itoa(n * pageSize)}, "count": {strconv.Itoa(pageSize)}}
		for k, v := range query {
			q[k] = v
		}
		var body map[string]json.RawMessage
		if err := s.get(ctx, path, q, &body); err != nil {
			return err
		}
		var items []json.RawMessage
		if err := json.Unmarshal(body[name], &items); err != nil {
			return fmt.Errorf("%s: no list %q: %w", path, name, err)
		}
		for _, item := range items {
			if err := each(item); err != nil {
				return err
			}
		}
		if len(items) < pageSize {
			return nil
		}
	}
	return errors.New(path + ": the list does not end")
}

// Teams implements Source: departments.
func (s RocketChat) Teams(ctx context.Context) (list []Team, err error) {
	err = s.pages(ctx, "livechat/department", "departments", nil, func(raw json.RawMessage) error {
		var d struct {
			ID   string `json:"_id"`
			Name string `json:"name"`
		}
		err := json.Unmarshal(raw, &d)
		list = append(list, Team(d))
		return err
	})
	return list, err
}

// Agents implements Source: agents and managers.
func (s RocketChat) Agents(ctx context.Context) (list []Agent, err error) {
	for _, kind := range []string{"agent", "manager"} {
		err := s.pages(ctx, "livechat/users/"+kind, "users", nil, func(raw json.RawMessage) error {
			var u struct {
				ID          string `json:"_id"`
				Username    string
				Name        string
				Emails      []struct{ Address string }
				Departments []string
			}
			if err := json.Unmarshal(raw, &u); err != nil {
				return err
			}
			if i := slices.IndexFunc(list, func(a Agent) bool { return a.ID == u.ID }); i >= 0 {
				list[i].Manager = true
				return nil
			}
			a := Agent{ID: u.ID, Username: u.Username, Name: u.Name, Manager: kind == "manager", Teams: u.Departments}
			if len(u.Emails) > 0 {
				a.Email = u.Emails[0].Address
			}
			list = append(list, a)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// room is a room as the server shows it.
type room struct {
	ID         string `json:"_id"`
	Department string `json:"departmentId"`
	Started    string `json:"ts"`
	Ended      string `json:"closedAt"`
	Last       string `json:"lm"`
	Open       bool   `json:"open"`
	Closer     string `json:"closer"`
	Served     *struct {
		ID string `json:"_id"`
		At string `json:"ts"`
	} `json:"servedBy"`
	V struct {
		ID       string `json:"_id"`
		Token    string `json:"token"`
		Username string `json:"username"`
		Name     string `json:"name"`
	} `json:"v"`
	Source struct{ Type string } `json:"source"`
	Data   map[string]any        `json:"livechatData"`
}

// Talks implements Source.
func (s RocketChat) Talks(ctx context.Context, each func(Talk) error) error {
	return s.pages(ctx, "livechat/rooms", "rooms", url.Values{"sort": {`{"ts":1}`}}, func(raw json.RawMessage) error {
		var r room
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		t := Talk{ID: r.ID, Team: r.Department, Open: r.Open, ByVisitor: r.Closer == "visitor", Source: sourceOf(r.Source.Type), Fields: texts(r.Data), Started: instant(r.Started), Ended: instant(r.Ended),
			Visitor: Visitor{ID: r.V.ID, Token: r.V.Token, Username: r.V.Username, Name: r.V.Name}}
		if t.Ended.IsZero() {
			t.Ended = instant(r.Last)
		}
		if r.Served != nil {
			t.Agent, t.Served = r.Served.ID, instant(r.Served.At)
		}
		return each(t)
	})
}

// instant reads a time; a missing one is zero.
func instant(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

// Complete implements Source: contact details.
func (s RocketChat) Complete(ctx context.Context, v Visitor) (Visitor, error) {
	var body struct {
		Visitor struct {
			Name       string
			Department string
			Emails     []struct{ Address string }     `json:"visitorEmails"`
			Phone      []struct{ PhoneNumber string } `json:"phone"`
			Data       map[string]any                 `json:"livechatData"`
		}
	}
	if err := s.get(ctx, "livechat/visitors.info", url.Values{"visitorId": {v.ID}}, &body); err != nil {
		return v, err
	}
	x := body.Visitor
	v.Name, v.Team, v.Fields = x.Name, x.Department, texts(x.Data)
	if len(x.Emails) > 0 {
		v.Email = x.Emails[0].Address
	}
	if len(x.Phone) > 0 {
		v.Phone = x.Phone[0].PhoneNumber
	}
	return v, nil
}

// lines are the system messages that have a line of ours; others are left out.
var lines = map[string]string{
	"uj":                        conversation.LineAssigned,
	"livechat_transfer_history": conversation.LineTransferred,
	"livechat-close":            conversation.LineClosed,
}

// Messages implements Source: the history as the visitor sees it, system messages
// included, read backwards from the end.
func (s RocketChat) Messages(ctx context.Context, t Talk) (list []Message, err error) {
	end := ""
	for range mostPages {
		q := url.Values{"token": {t.Visitor.Token}, "limit": {strconv.Itoa(pageSize)}}
		if end != "" {
			q.Set("end", end)
		}
		var body struct{ Messages []history }
		if err := s.get(ctx, "livechat/messages.history/"+url.PathEscape(t.ID), q, &body); err != nil {
			return nil, err
		}
		fresh := 0
		for _, h := range body.Messages {
			if !slices.ContainsFunc(list[max(0, len(list)-2*pageSize):], func(m Message) bool { return m.ID == h.ID }) {
				list = append(list, h.message())
				fresh++
			}
		}
		if fresh == 0 || len(body.Messages) < pageSize {
			break
		}
		end = body.Messages[len(body.Messages)-1].At
	}
	slices.Reverse(list)
	return list, nil
}

// history is a message as the history shows it.
type history struct {
	ID    string `json:"_id"`
	At    string `json:"ts"`
	Text  string `json:"msg"`
	Type  string `json:"t"`
	Token string `json:"token"`
	User  struct {
		ID   string `json:"_id"`
		Name string
	} `json:"u"`
	Attachments []struct {
		Title string
		Link  string `json:"title_link"`
	}
}

// message makes a message of it. The first file is its own; further ones become
// text with their names and where they lie.
func (h history) message() Message {
	m := Message{ID: h.ID, At: instant(h.At), Text: h.Text}
	if len(m.ID) > conversation.MaxClientID {
		m.ID = ""
	}
	if h.Type != "" {
		m.Line = lines[h.Type]
		m.Skip = m.Line == ""
		m.Agent = h.User.ID
		return m
	}
	for _, a := range h.Attachments {
		if m.File == nil && a.Link != "" {
			m.File = &Attached{a.Title, a.Link}
			continue
		}
		m.Text = strings.TrimSpace(m.Text + "\n" + strings.TrimSpace(a.Title+" "+a.Link))
	}
	if h.Token == "" {
		m.Agent, m.AgentName = h.User.ID, h.User.Name
	}
	m.Skip = m.Text == "" && m.File == nil
	return m
}
