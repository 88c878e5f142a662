package transcript_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/media"
	"parlor/internal/transcript"
)

// talk is one conversation of visitor vera.
type talk struct {
	list   []conversation.Message
	status conversation.Status
	record id.File
}

func (k *talk) Since(_ context.Context, _ id.Tenant, _ id.Conversation, seq int64, _ bool) ([]conversation.Message, error) {
	list := k.list[min(int(seq), len(k.list)):]
	return list[:min(200, len(list))], nil
}

func (k *talk) Conversation(_ context.Context, who actor.Actor, c id.Conversation) (conversation.Conversation, error) {
	if who.Visitor != "vera" || c != "c" {
		return conversation.Conversation{}, errs.New(errs.NotFound, "conversation_not_found", "none")
	}
	return conversation.Conversation{ID: c, Status: k.status}, nil
}

func (k *talk) Describe(_ context.Context, _ actor.Actor, _ id.Conversation, d conversation.DetailChange) error {
	k.record = *d.Record
	return nil
}

type shelf struct{ kept []byte }

func (f *shelf) Save(_ context.Context, _ actor.Actor, name string, r io.Reader) (media.File, error) {
	b, err := io.ReadAll(r)
	f.kept = b
	return media.File{ID: "f", Name: name}, err
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
	s := transcript.New(k, q, &shelf{})
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

func TestARecordIsKeptOnceTheConversationHasEnded(t *testing.T) {
	t.Parallel()
	k := &talk{list: []conversation.Message{{Seq: 1, Kind: conversation.Text, From: conversation.Author{Kind: actor.Visitor}, Text: "您好"}}, status: conversation.Open}
	files := &shelf{}
	s := transcript.New(k, &queue{}, files)
	vera := actor.Actor{Kind: actor.Visitor, Tenant: "main", Visitor: "vera"}
	if _, err := s.Keep(t.Context(), vera, "c", "Shop", "en"); errs.ReasonOf(err) != "conversation_open" || files.kept != nil {
		t.Fatal(err)
	}
	k.status = conversation.Closed
	f, err := s.Keep(t.Context(), vera, "c", "Shop", "en")
	if err != nil || f.Name != "conversation-c.pdf" || k.record != "f" || !bytes.HasPrefix(files.kept, []byte("%PDF-1.4")) {
		t.Fatal(f, err, k.record)
	}
	if _, err := s.Keep(t.Context(), vera, "another", "Shop", "en"); errs.ReasonOf(err) != "conversation_not_found" {
		t.Fatal(err)
	}
}
