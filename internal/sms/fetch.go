package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/media"
)

// JobFetch is the kind of the jobs that fetch files of text messages.
const JobFetch = "sms.fetch"

// fetchTries is how often a file is fetched before it is given up; hops is how many
// redirects lead to one.
const fetchTries, hops = 6, 3

// fetch is the payload of such a job.
type fetch struct {
	Service      string          `json:"service"`
	Inbox        id.Inbox        `json:"inbox"`
	Visitor      id.Visitor      `json:"visitor"`
	Name         string          `json:"name"`
	Conversation id.Conversation `json:"conversation"`
	URL          string          `json:"url"`
	Type         string          `json:"type"`
	ClientID     string          `json:"clientId"`
}

// Fetch is the worker of JobFetch: it posts the file as the visitor's. What cannot
// be had is told to the agents.
func (s *Service) Fetch(ctx context.Context, j job.Job) error {
	var f fetch
	if err := json.Unmarshal([]byte(j.Payload), &f); err != nil {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	err := s.bring(ctx, j.Tenant, f)
	if err == nil || !refused(err) && j.Attempts < fetchTries {
		return err
	}
	reason, word := errs.MessageOf(err), errs.ReasonOf(err)
	if !refused(err) {
		reason, word = "the file could not be fetched", "sms_fetch"
	}
	return s.Conversations.Undelivered(ctx, j.Tenant, f.Conversation, conversation.Loss{Key: string(j.ID), Reason: reason, Word: word})
}

func (s *Service) bring(ctx context.Context, t id.Tenant, f fetch) (err error) {
	company, err := s.company(ctx, t)
	if err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return errs.Field("url", "bad_url", "The address of the file is not valid.").Because(err)
	}
	if p := providers[f.Service]; p != nil {
		p.owns(company, q)
	}
	r, err := s.Hooks.Do(q, hops)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Body.Close()) }()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("the file was answered with %d", r.StatusCode)
	}
	who := actor.Actor{Kind: actor.Visitor, Tenant: t, Visitor: f.Visitor, Inbox: f.Inbox, Name: f.Name}
	got, err := s.Files.Save(ctx, who, fileName(f, r), io.LimitReader(r.Body, s.Files.MaxSize()+1))
	if err != nil {
		return err
	}
	in := conversation.PostInput{Conversation: f.Conversation, Kind: kindOf(got), File: got.ID, ClientID: f.ClientID, Carried: true}
	if _, err = s.Conversations.Post(ctx, who, in); errs.ReasonOf(err) != closed {
		return err
	}
	next, err := s.after(ctx, who, f.Conversation)
	if err != nil {
		return err
	}
	in.Conversation = next.ID
	_, err = s.Conversations.Post(ctx, who, in)
	return err
}

// fileName is what a fetched file is called.
func fileName(f fetch, r *http.Response) string {
	if _, p, err := mime.ParseMediaType(r.Header.Get("Content-Disposition")); err == nil && p["filename"] != "" {
		return p["filename"]
	}
	name := path.Base(r.Request.URL.Path)
	if path.Ext(name) == "" {
		if list, err := mime.ExtensionsByType(f.Type); err == nil && len(list) > 0 {
			name += list[0]
		}
	}
	return name
}

// kindOf is the kind of the message that carries a file.
func kindOf(f media.File) conversation.Kind {
	switch {
	case strings.HasPrefix(f.Type, "image/"):
		return conversation.Image
	case strings.HasPrefix(f.Type, "audio/"):
		return conversation.Voice
	}
	return conversation.FileK
}
