package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/front/httpx"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/mail"
	"parlor/internal/transcript"
)

// later lets domains that are built before the runner of jobs use it.
type later struct{ s *Server }

// Enqueue implements transcript.Queue.
func (l later) Enqueue(ctx context.Context, jobs ...job.Job) error {
	return l.s.jobs.Enqueue(ctx, jobs...)
}

// sendTranscript is the worker of transcript.Job.
func (s *Server) sendTranscript(ctx context.Context, j job.Job) error {
	var l transcript.Letter
	if err := json.Unmarshal([]byte(j.Payload), &l); err != nil {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	book, err := s.services.accounts.Book(ctx, j.Tenant)
	if err != nil {
		return err
	}
	l.Lang = httpx.Language(l.Lang)
	text, err := s.services.visit.transcripts.Compose(ctx, j.Tenant, l, book.Tenant.Name)
	if err != nil {
		return err
	}
	if l.Subject == "" {
		if l.Subject = book.Tenant.Settings.Word("Livechat_transcript_email_subject"); l.Subject == "" {
			l.Subject = book.Tenant.Name
		}
	}
	err = s.services.visit.mail.Send(ctx, mail.Letter{To: l.To, Subject: l.Subject, Text: text, ID: string(j.ID), At: s.opts.Clock.Now()})
	if errors.Is(err, mail.ErrRefused) {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	return err
}

// mailWished has the record of a conversation that has ended mailed, if an agent
// asked for that.
func (s *Server) mailWished(ctx context.Context, c conversation.Conversation) error {
	all, err := s.services.conversations.DetailsOf(ctx, c.Tenant, []id.Conversation{c.ID})
	wish := all[c.ID].Transcript
	if err != nil || wish == nil {
		return err
	}
	return s.services.visit.transcripts.Send(ctx, actor.ForSystem(c.Tenant), transcript.Letter{Conversation: c.ID, To: wish.Email, Subject: wish.Subject})
}
