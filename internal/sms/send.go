package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	address := ""
	if s.PublicURL != "" {
		address = strings.TrimSuffix(s.PublicURL, "/") + s.Files.Address(t, m.File.ID, media.Original)
	}
	if p := providers[out.Service]; p != nil && p.takes(company, m.File.Type, m.File.Size) {
		out.Media = []string{address}
	} else {
		out.Text = strings.TrimSpace(out.Text + "\n" + m.File.Name + "\n" + address)
	}
	for _, file := range m.More {
		out.Text = strings.TrimSpace(out.Text + "\n" + file.Name + "\n" + strings.TrimSuffix(s.PublicURL, "/") + s.Files.Address(t, file.ID, media.Original))
	}
	if address == "" {
		out.Media, out.Text = []string{""}, m.Text
	}
	return json.Marshal(out)
}

// final is an error that no repetition mends.
func final(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{hook.ErrFinal}, args...)...)
}

// Carry implements hook.Carrier.
func (s *Service) Carry(ctx context.Context, h hook.Happening, body []byte) (status int, answer []byte, err error) {
	var m Outgoing
	if err = json.Unmarshal(body, &m); err != nil {
		return 0, nil, final("%w", err)
	}
	company, err := s.company(ctx, h.Hook.Tenant)
	if err != nil {
		return 0, nil, err
	}
	p := providers[m.Service]
	switch n := utf8.RuneCountInString(m.Text); {
	case p == nil || m.To == "":
		return 0, nil, final("there is no number to send to")
	case !company.On("SMS_Enabled"):
		return 0, nil, final("text messages are switched off")
	case n > maxText:
		return 0, nil, final("the message has %d characters; a text message takes %d", n, maxText)
	case len(m.Media) > 0 && m.Media[0] == "":
		return 0, nil, final("files cannot be sent until public-url is set")
	}
	q, err := p.request(ctx, company, m)
	if err != nil {
		return 0, nil, final("%w", err)
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
	word := fmt.Sprintf("the provider answered %d", status)
	var v struct{ Message string }
	if json.Unmarshal(answer, &v) == nil && v.Message != "" {
		word += ": " + clip(v.Message)
	}
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		return final("%s", word)
	}
	return errors.New(word)
}

// Lost implements hook.Carrier: the agents are told.
func (s *Service) Lost(ctx context.Context, h hook.Happening, reason string) error {
	if h.Message.Seq == 0 {
		return nil // repeated by hand: who does that looks at the log
	}
	reason = strings.TrimPrefix(reason, hook.ErrFinal.Error()+": ")
	return s.Conversations.Undelivered(ctx, h.Conversation.Tenant, h.Conversation.ID, conversation.Loss{Seq: h.Message.Seq, Reason: reason})
}
