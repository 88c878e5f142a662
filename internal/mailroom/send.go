package mailroom

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/mail"
	"strconv"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/hook"
	"parlor/internal/id"
	letters "parlor/internal/mail"
	"parlor/internal/mailbox"
	"parlor/internal/media"
)

var _ hook.Carrier = (*Service)(nil)

// answer is a letter that an agent has written.
type answer struct {
	Mailbox    string   `json:"mailbox"`
	To         string   `json:"to"`
	Subject    string   `json:"subject"`
	Text       string   `json:"text"`
	ID         string   `json:"id"`
	References []string `json:"references,omitempty"`
	// Files go along.
	Files []conversation.File `json:"files,omitempty"`
	// File says that it holds a file that does not go along and has no address.
	File bool `json:"file,omitempty"`
}

// maxEnclosed is how much of files goes along with a letter, in bytes. Base64 makes a
// third more of it, and many servers take 20 MB at most.
const maxEnclosed = 10 << 20

// Header implements hook.Format.
func (s *Service) Header() string { return "" }

// Body implements hook.Format: the letter. Files go along up to maxEnclosed in all, the
// rest as links.
func (s *Service) Body(ctx context.Context, h hook.Happening) ([]byte, error) {
	m, t := h.Message, h.Conversation.Tenant
	if m.Recalled != nil || m.Text == "" && m.File == nil {
		return nil, nil
	}
	all, err := s.Conversations.DetailsOf(ctx, t, []id.Conversation{h.Conversation.ID})
	if err != nil {
		return nil, err
	}
	out := answer{Text: m.Text, ID: s.letterID(t, h.Conversation.ID, m.Seq)}
	if o := all[h.Conversation.ID].Origin; o != nil {
		out.Mailbox, out.To, out.Subject, out.References = o.Service, o.Address, replyTo(o.Subject), o.Thread
	}
	room := int64(maxEnclosed)
	for _, file := range m.Files() {
		if file.Size <= room {
			out.Files, room = append(out.Files, file), room-file.Size
			continue
		}
		out.File = s.PublicURL == ""
		out.Text = strings.TrimSpace(out.Text + "\n\n" + file.Name + "\n" + strings.TrimSuffix(s.PublicURL, "/") + s.Files.Address(t, file.ID, media.Original))
	}
	return json.Marshal(out)
}

// replyTo is the subject of an answer.
func replyTo(subject string) string {
	if len(subject) >= 3 && strings.EqualFold(subject[:3], "re:") {
		return subject
	}
	return strings.TrimSpace("Re: " + subject)
}

// letterID names the letter of a message, without its domain, so that an answer to
// it is known.
func (s *Service) letterID(t id.Tenant, c id.Conversation, seq int64) string {
	n := strconv.FormatInt(seq, 10)
	return string(c) + "." + n + "." + hex.EncodeToString(s.mac("letter", string(t), string(c), n)[:10])
}

// readID is the reverse; ours is false for a name that we have not given.
func (s *Service) readID(t id.Tenant, name string) (c id.Conversation, seq int64, ours bool) {
	local, _, _ := strings.Cut(strings.Trim(name, "<>"), "@")
	part := strings.Split(local, ".")
	if len(part) != 3 {
		return "", 0, false
	}
	seq, err := strconv.ParseInt(part[1], 10, 64)
	c = id.Conversation(part[0])
	return c, seq, err == nil && hmac.Equal([]byte(local), []byte(s.letterID(t, c, seq)))
}

// Carry implements hook.Carrier.
func (s *Service) Carry(ctx context.Context, h hook.Happening, body []byte) (status int, said []byte, err error) {
	var a answer
	if err = json.Unmarshal(body, &a); err != nil {
		return 0, nil, hook.Final("%w", err)
	}
	b, ok, err := s.box(ctx, h.Hook.Tenant, a.Mailbox)
	switch {
	case err != nil:
		return 0, nil, err
	case !ok || !b.Active:
		return 0, nil, hook.Final("%w", &hook.Cause{Word: "mail_off", Text: "the mailbox is switched off or gone"})
	case a.To == "":
		return 0, nil, hook.Final("%w", &hook.Cause{Word: "mail_nobody", Text: "there is no address to write to"})
	case a.File:
		return 0, nil, hook.Final("%w", &hook.Cause{Word: "mail_files", Text: "files of more than 10 MB in all cannot be sent until public-url is set"})
	}
	l := letters.Letter{To: a.To, Subject: a.Subject, Text: a.Text, ID: a.ID, References: a.References, At: s.Clock.Now(), Files: s.enclosed(h.Hook.Tenant, a.Files)}
	err = s.sender(b).Send(ctx, l)
	if errs.ReasonOf(err) == "file_not_found" {
		return 0, nil, hook.Final("%w", &hook.Cause{Word: "mail_gone", Text: "a file of the message is gone"})
	}
	if errors.Is(err, letters.ErrFile) {
		s.Log.Error("attachment not read", "tenant", h.Hook.Tenant, "conversation", h.Conversation.ID, "error", err)
		return 0, nil, letters.ErrFile
	}
	if errors.Is(err, letters.ErrRefused) {
		return 0, nil, hook.Final("%w", cause(err))
	}
	if err != nil {
		return 0, nil, cause(err)
	}
	return 0, nil, nil
}

// cause says why a letter was not taken.
func cause(err error) error {
	f := faultOf(err)
	return &hook.Cause{Word: "mail_" + f.Reason, About: f.Detail, Text: plain(f)}
}

// enclosed are the files of a letter; they are read when it is sent.
func (s *Service) enclosed(t id.Tenant, files []conversation.File) []letters.File {
	list := make([]letters.File, 0, len(files))
	for _, f := range files {
		list = append(list, letters.File{Name: f.Name, Type: f.Type, Size: f.Size, Open: func(ctx context.Context) (io.ReadCloser, error) {
			o, err := s.Files.Content(ctx, t, f.ID)
			if err != nil {
				return nil, err
			}
			return o.Body, nil
		}})
	}
	return list
}

// sender is the way out of a mailbox.
func (s *Service) sender(b mailbox.Box) *letters.Sender {
	o := letters.Options{Server: net.JoinHostPort(b.SMTP.Host, strconv.Itoa(b.SMTP.Port)), User: b.SMTP.Username, Password: b.SMTP.Password,
		From: (&mail.Address{Name: b.Sender, Address: b.Email}).String(), TLS: "auto", Config: s.TLS, Dial: s.Hooks.Dialer().DialContext}
	if b.SMTP.Secure {
		o.TLS = "tls"
	}
	return letters.New(o)
}

// Lost implements hook.Carrier: the agents are told.
func (s *Service) Lost(ctx context.Context, h hook.Happening, l conversation.Loss) error {
	return s.Conversations.Undelivered(ctx, h.Conversation.Tenant, h.Conversation.ID, l)
}

// bounced tells the agents of the letter that did not arrive.
func (s *Service) bounced(ctx context.Context, b mailbox.Box, l letter) error {
	for _, name := range messageID.FindAllString(string(l.raw), 200) {
		c, seq, ours := s.readID(b.Tenant, name)
		if !ours {
			continue
		}
		err := s.Conversations.Undelivered(ctx, b.Tenant, c, conversation.Loss{Seq: seq, Reason: "the letter came back: " + clip(l.subject, 100), Word: "mail_returned", About: clip(l.subject, 100)})
		if refused(err) {
			return nil
		}
		return err
	}
	return nil
}
