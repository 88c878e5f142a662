package conversation_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestEditByAuthorsAndManagers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		said, err := f.Post(t.Context(), f.visitor, conversation.PostInput{Conversation: f.conv, Kind: conversation.Text, Text: "teh lamp", ClientID: "mine"})
		f.must(err)
		note, err := f.Post(t.Context(), f.boss, conversation.PostInput{Conversation: f.conv, Kind: conversation.Note, Text: "secret", ClientID: "note"})
		f.must(err)
		edit := func(who actor.Actor, p conversation.Posted, text string) error {
			_, err := f.Edit(t.Context(), who, f.conv, p.Message.Seq, text)
			return err
		}
		f.refused("not_author", edit(f.agent, said, "x"))
		f.refused("conversation_not_found", edit(f.other, said, "x"))
		f.refused("text_too_long", edit(f.visitor, said, strings.Repeat("字", conversation.MaxText+1)))
		f.events = nil
		f.must(edit(f.visitor, said, " the lamp\u202e "))
		f.must(edit(f.visitor, said, "the lamp"))
		if got := fmt.Sprint(f.kinds()); got != "[message.posted message.edited]" {
			t.Fatalf("told %s", got)
		}
		f.events = nil
		f.must(edit(f.boss, note, "still secret"))
		for _, e := range f.events {
			for _, to := range e.To {
				if strings.Contains(string(to), string(f.visitor.Visitor)) {
					t.Fatal("a visitor was told of a note:", e.Kind)
				}
			}
		}
		m, err := f.Find(t.Context(), f.visitor, f.conv, "mine")
		f.must(err)
		if m.Text != "the lamp" || m.Edited == nil || m.Edited.By.Kind != actor.Visitor {
			t.Fatalf("%+v", m)
		}
		_, err = f.Find(t.Context(), f.visitor, f.conv, "note")
		f.refused("message_not_found", err)
		_, err = f.Find(t.Context(), f.agent, "", "note")
		f.must(err)
		for _, name := range []string{"", "none", strings.Repeat("x", 100), "\xff"} {
			_, err = f.Find(t.Context(), f.agent, "", name)
			f.refused("message_not_found", err)
		}
	})
}

// tight is a company that forbids what it can.
type tight struct{}

func (tight) RecallWithin(context.Context, id.Tenant) (time.Duration, error) { return time.Hour, nil }

func (tight) Closing(id.Tenant, id.Team) conversation.ClosingRules {
	return conversation.ClosingRules{}
}

func (tight) Preview(id.Tenant, id.Inbox) conversation.Preview { return conversation.PreviewAll }

func (tight) Rules(id.Tenant, id.Inbox) conversation.Rules {
	return conversation.Rules{VisitorText: 3, NoEdit: true, NoRecall: true}
}

func TestRulesOfTheCompany(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	s := conversation.New(f.store, &files{}, memory.New(), f.clock, tight{})
	post := func(who actor.Actor, text string, blank bool) (conversation.Posted, error) {
		return s.Post(t.Context(), who, conversation.PostInput{Conversation: f.conv, Kind: conversation.Text, Text: text, Blank: blank})
	}
	_, err := post(f.visitor, "four", false)
	f.refused("text_too_long", err)
	_, err = post(f.visitor, " ", false)
	f.refused("empty_text", err)
	_, err = post(f.visitor, " ", true)
	f.must(err)
	p, err := post(f.agent, "four", false)
	f.must(err)
	_, err = s.Edit(t.Context(), f.agent, f.conv, p.Message.Seq, "five")
	f.refused("edit_disabled", err)
	_, err = s.Recall(t.Context(), f.agent, f.conv, p.Message.Seq)
	f.refused("recall_disabled", err)
	_, err = s.Edit(t.Context(), f.boss, f.conv, p.Message.Seq, "five")
	f.must(err)
	_, err = s.Recall(t.Context(), f.boss, f.conv, p.Message.Seq)
	f.must(err)
}
