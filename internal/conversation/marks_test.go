package conversation_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/conversation"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func (f *fixture) kinds() (list []event.Kind) {
	for _, e := range f.events {
		list = append(list, e.Kind)
	}
	return list
}

// Row 101: a message is taken back by its author for a while, by a supervisor always.
func TestRow101Recall(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		said, err := f.post(f.visitor, conversation.Text, "oops")
		f.must(err)
		answer, err := f.post(f.agent, conversation.Text, "answer")
		f.must(err)
		note, err := f.post(f.boss, conversation.Note, "secret note")
		f.must(err)
		recall := func(who actor.Actor, p conversation.Posted) error {
			_, err := f.Recall(t.Context(), who, f.conv, p.Message.Seq)
			return err
		}
		f.refused("not_author", recall(f.visitor, answer))
		f.refused("not_author", recall(f.agent, said))
		f.refused("conversation_not_found", recall(f.other, answer))
		stranger := f.visitor
		stranger.Visitor = "somebody else"
		f.refused("conversation_not_found", recall(stranger, said))
		f.clock.Advance(conversation.RecallWithin)
		f.events = nil
		f.must(recall(f.visitor, said))
		f.must(recall(f.visitor, said))
		if got := fmt.Sprint(f.kinds()); got != "[message.posted message.recalled]" {
			t.Fatalf("told %s", got)
		}
		d := f.events[1].Data.(*conversation.Recalled)
		if d.Message.Text != "" || d.Message.Recalled == nil || d.Message.Seq != said.Message.Seq {
			t.Fatalf("%+v", d.Message)
		}
		f.clock.Advance(time.Millisecond)
		f.refused("too_late", recall(f.agent, answer))
		f.must(recall(f.boss, answer))
		f.events = nil
		f.must(recall(f.boss, note))
		for _, e := range f.events {
			for _, topic := range e.To {
				if topic == event.ToVisitor("main", f.visitor.Visitor) {
					t.Fatalf("the visitor hears of a note: %s", e.Kind)
				}
			}
		}
		list, err := f.Messages(t.Context(), f.visitor, f.conv, conversation.Range{})
		f.must(err)
		got := ""
		for _, m := range list {
			if m.Line != nil {
				got += fmt.Sprint(m.Line.Name, m.Line.Seq, " ")
			} else {
				got += fmt.Sprint(m.Seq, m.Text, m.Recalled != nil, " ")
			}
		}
		if got != "assigned0 2true 3true recalled2 recalled3 " {
			t.Fatalf("the visitor sees %q", got)
		}
	})
}

func TestNotesMentionColleagues(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	f.events = nil
	p, err := f.post(f.agent, conversation.Note, "@BO please look, @cy too; mail me@bo.example")
	f.must(err)
	if fmt.Sprint(p.Message.Mentions) != fmt.Sprint([]id.Agent{f.other.Agent, f.boss.Agent}) {
		t.Fatalf("%v", p.Message.Mentions)
	}
	if got := fmt.Sprint(f.kinds()); got != "[message.posted mention.changed mention.changed]" {
		t.Fatalf("told %s", got)
	}
	d := f.events[1].Data.(*conversation.MentionChanged)
	if d.Unread != 1 || d.Mention == nil || d.Mention.Seq != p.Message.Seq || f.events[1].To[0] != event.ToAgent("main", f.other.Agent) {
		t.Fatalf("%+v", d)
	}
	said, err := f.post(f.agent, conversation.Text, "@bo")
	f.must(err)
	if len(said.Message.Mentions) != 0 {
		t.Fatal("what the visitor reads mentions nobody")
	}
	page, err := f.Mentions(t.Context(), f.other, true, "", 10)
	f.must(err)
	if len(page.Items) != 1 || page.Unread != 1 || page.Items[0].From.Name != "lin" {
		t.Fatalf("%+v", page)
	}
	n, err := f.ReadMentions(t.Context(), f.other, f.conv)
	f.must(err)
	page, err = f.Mentions(t.Context(), f.other, true, "", 10)
	f.must(err)
	if n != 0 || len(page.Items) != 0 {
		t.Fatalf("%d left, %+v", n, page)
	}
	_, err = f.Mentions(t.Context(), f.visitor, true, "", 10)
	f.refused("agents_only", err)
}

func TestParseMentions(t *testing.T) {
	t.Parallel()
	people := []conversation.Colleague{{Agent: "1", Name: "林晓", Username: "lin"}, {Agent: "2", Name: "林晓明", Username: "ming"}, {Agent: "3", Name: "Ana Lima", Username: "ana"}}
	for text, want := range map[string]string{
		"@林晓 看看": "[1]", "请@林晓明看": "[2]", "@ana lima!": "[3]", "@ana, @lin @ana": "[3 1]", "@anabel": "[]", "x@lin": "[]", "@@lin": "[1]", "@": "[]", "@LIN": "[1]",
		"＠lin @nobody": "[]",
	} {
		if got := fmt.Sprint(conversation.ParseMentions(text, people)); got != want {
			t.Errorf("%q mentions %s, want %s", text, got, want)
		}
	}
}

func FuzzParseMentions(f *testing.F) {
	f.Add("@lin \xff@", "lin")
	f.Add("@İ", "i̇")
	f.Fuzz(func(t *testing.T, text, name string) {
		got := conversation.ParseMentions(text, []conversation.Colleague{{Agent: "1", Name: name}, {Agent: "2", Username: name}})
		if len(got) > 2 {
			t.Fatalf("%v of two", got)
		}
	})
}

func TestDraftIsClearedByWhatIsSent(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	f.events = nil
	_, err := f.SaveDraft(t.Context(), f.agent, conversation.Draft{Conversation: f.conv, Text: "hello ", Origin: "tab1"})
	f.must(err)
	_, err = f.SaveDraft(t.Context(), f.other, conversation.Draft{Conversation: f.conv, Text: "x"})
	f.refused("conversation_not_found", err)
	_, err = f.SaveDraft(t.Context(), f.visitor, conversation.Draft{Conversation: f.conv, Text: "x"})
	f.refused("agents_only", err)
	list, err := f.Drafts(t.Context(), f.agent)
	f.must(err)
	if len(list) != 1 || list[0].Text != "hello " {
		t.Fatalf("%+v", list)
	}
	_, err = f.post(f.visitor, conversation.Text, "are you there?")
	f.must(err)
	_, err = f.post(f.agent, conversation.Text, "hello")
	f.must(err)
	list, err = f.Drafts(t.Context(), f.agent)
	f.must(err)
	if len(list) != 0 {
		t.Fatalf("%+v", list)
	}
	if got := fmt.Sprint(f.kinds()); got != "[draft.changed message.posted message.posted draft.changed]" {
		t.Fatalf("told %s", got)
	}
	if d := f.events[0].Data.(*conversation.Draft); d.Origin != "tab1" || f.events[0].To[0] != event.ToAgent("main", f.agent.Agent) {
		t.Fatalf("%+v", d)
	}
}

// strict is a company that lets nobody take back what is older than ten seconds.
type strict struct{}

func (strict) Closing(id.Tenant, id.Team) conversation.ClosingRules {
	return conversation.ClosingRules{}
}

func (strict) Preview(id.Tenant, id.Inbox) conversation.Preview { return conversation.PreviewAll }

func (strict) Rules(id.Tenant, id.Inbox) conversation.Rules { return conversation.Rules{} }

func (strict) RecallWithin(context.Context, id.Tenant) (time.Duration, error) {
	return 10 * time.Second, nil
}

func TestRecallLimitOfTheCompany(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	f.Service = conversation.New(f.store, &files{f.visitor.Visitor}, memory.New(), f.clock, strict{})
	p, err := f.post(f.agent, conversation.Text, "x")
	f.must(err)
	f.clock.Advance(11 * time.Second)
	_, err = f.Recall(t.Context(), f.agent, f.conv, p.Message.Seq)
	f.refused("too_late", err)
}
