package transcript_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/transcript"
)

// talk is one conversation of visitor vera.
type talk struct{ list []conversation.Message }

func (k *talk) Since(_ context.Context, _ id.Tenant, _ id.Conversation, seq int64, _ bool) ([]conversation.Message, error) {
	list := k.list[min(int(seq), len(k.list)):]
	return list[:min(200, len(list))], nil
}

func (k *talk) Conversation(_ context.Context, who actor.Actor, c id.Conversation) (conversation.Conversation, error) {
	if who.Visitor != "vera" || c != "c" {
		return conversation.Conversation{}, errs.New(errs.NotFound, "conversation_not_found", "none")
	}
	return conversation.Conversation{ID: c}, nil
}

type queue struct{ jobs []job.Job }

func (q *queue) Enqueue(_ context.Context, jobs ...job.Job) error {
	q.jobs = append(q.jobs, jobs...)
	return nil
}

func TestARecordIsMailed(t *testing.T) {
	t.Parallel()
	k := &talk{}
	for i := range 450 {
		k.list = append(k.list, conversation.Message{Seq: int64(i + 1), Kind: conversation.Text, From: conversation.Author{Kind: actor.Visitor}, Text: "<hello>"})
	}
	k.list[3] = conversation.Message{Seq: 4, Kind: conversation.Event, Line: &conversation.Line{Name: conversation.LineEdited, Text: "hidden", Seq: 1}}
	q := &queue{}
	s := transcript.New(k, q, clock.NewStub(time.Unix(0, 0)))
	vera := actor.Actor{Kind: actor.Visitor, Tenant: "main", Visitor: "vera"}
	for to, reason := range map[string]string{"": "bad_email", "x": "bad_email", "Vera <v@site.test>": "bad_email", "a@b.c\r\nBcc: d@e.f": "bad_email"} {
		if err := s.Send(t.Context(), vera, transcript.Letter{Conversation: "c", To: to}); errs.ReasonOf(err) != reason {
			t.Errorf("%q: %v", to, err)
		}
	}
	if err := s.Send(t.Context(), vera, transcript.Letter{Conversation: "c", To: "v@site.test", Subject: "a\nb"}); errs.ReasonOf(err) != "bad_subject" {
		t.Error(err)
	}
	if err := s.Send(t.Context(), vera, transcript.Letter{Conversation: "other", To: "v@site.test"}); errs.ReasonOf(err) != "conversation_not_found" {
		t.Error(err)
	}
	if err := s.Send(t.Context(), vera, transcript.Letter{Conversation: "c", To: "v@site.test", Lang: "en"}); err != nil || len(q.jobs) != 1 {
		t.Fatal(err, q.jobs)
	}
	var l transcript.Letter
	if err := json.Unmarshal([]byte(q.jobs[0].Payload), &l); err != nil {
		t.Fatal(err)
	}
	text, err := s.Compose(t.Context(), "main", l, "Shop")
	if err != nil || strings.Count(text, "Me: <hello>") != 449 || strings.Contains(text, "hidden") || !strings.HasPrefix(text, "Shop\n") {
		t.Fatal(err, len(text))
	}
}
