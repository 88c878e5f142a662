package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"parlor/internal/conversation"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/media"
)

var _ hook.Carrier = (*Service)(nil)

// Header implements hook.Format.
func (s *Service) Header() string { return "" }

// Body implements hook.Format: the message as it is sent. A file that the provider
// does not take along is sent as a link.
func (s *Service) Body(ctx context.Context, h hook.Happening) ([]byte, error) {
	m := h.Message
	if m.Recalled != nil || m.Text == "" && m.File == nil {
		return nil, nil
	}
	t := h.Conversation.Tenant
	all, err := s.Conversations.DetailsOf(ctx, t, []id.Conversation{h.Conversation.ID})
	if err != nil {
		return nil, err
	}
	out := Outgoing{Text: m.Text}
	if o := all[h.Conversation.ID].Origin; o != nil {
		out.Service, out.From, out.To = o.Service, o.Own, o.Address
	}
	if m.File == nil {
		return json.Marshal(out)
	}
	company, err := s.company(ctx, t)
	if err != nil {
		return nil, err
	}
	if s.PublicURL == "" {
		out.Media = []string{""} // it cannot be sent, see Carry
		return json.Marshal(out)
	}
	for i, file := range m.Files() {
		address := strings.TrimSuffix(s.PublicURL, "/") + s.Files.Address(t, file.ID, media.Original)
		if p := providers[out.Service]; i == 0 && p != nil && p.takes(company, file.Type, file.Size) {
			out.Media = []string{address}
		} else {
			out.Text = strings.TrimSpace(out.Text + "\n" + file.Name + "\n" + address)
		}
	}
	return json.Marshal(out)
}

// Carry implements hook.Carrier.
func (s *Service) Carry(ctx context.Context, h hook.Happening, body []byte) (status int, answer []byte, err error) {
	var m Outgoing
	if err = json.Unmarshal(body, &m); err != nil {
		return 0, nil, hook.Final("%w", err)
	}
	company, err := s.company(ctx, h.Hook.Tenant)
	if err != nil {
		return 0, nil, err
	}
	p := providers[m.Service]
	switch n := utf8.RuneCountInString(m.Text); {
	case p == nil || m.To == "":
		return 0, nil, hook.Final("%w", &hook.Cause{Word: "sms_nobody", Text: "there is no number to send to"})
	case !company.On("SMS_Enabled"):
		return 0, nil, hook.Final("%w", &hook.Cause{Word: "sms_off", Text: "text messages are switched off"})
	case n > maxText:
		return 0, nil, hook.Final("%w", &hook.Cause{Word: "sms_long", About: strconv.Itoa(maxText), Text: fmt.Sprintf("the message has %d characters; a text message takes %d", n, maxText)})
	case len(m.Media) > 0 && m.Media[0] == "":
		return 0, nil, hook.Final("%w", &hook.Cause{Word: "sms_files", Text: "files cannot be sent until public-url is set"})
	}
	q, err := p.request(ctx, company, m)
	if err != nil {
		return 0, nil, hook.Final("%w", err)
	}
	r, err := s.Hooks.Do(q, 0)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, r.Body.Close()) }()
	answer, err = io.ReadAll(io.LimitReader(r.Body, hook.MaxBody))
	if err != nil {
		return r.StatusCode, answer, err
	}
	return r.StatusCode, answer, judge(r.StatusCode, answer)
}

// judge tells a success from what is tried again and what is not. A wrong
// password may be mended meanwhile.
func judge(status int, answer []byte) error {
	if status >= 200 && status <= 299 {
		return nil
	}
	word, about := fmt.Sprintf("the provider answered %d", status), strconv.Itoa(status)
	var v struct{ Message string }
	if json.Unmarshal(answer, &v) == nil && v.Message != "" {
		word, about = word+": "+clip(v.Message), about+" "+clip(v.Message)
	}
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		return hook.Final("%w", &hook.Cause{Word: "sms_refused", About: about, Text: word})
	}
	return &hook.Cause{Word: "sms_refused", About: about, Text: word}
}

// Lost implements hook.Carrier: the agents are told.
func (s *Service) Lost(ctx context.Context, h hook.Happening, l conversation.Loss) error {
	return s.Conversations.Undelivered(ctx, h.Conversation.Tenant, h.Conversation.ID, l)
}
