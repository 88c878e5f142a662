package storetest

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/tag"
)

// testRecall takes messages back. Row 101.
func testRecall(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann := w.Ready("ann", 5)
	c := w.Assign(w.Start("Vera", ""), ann).Conversation
	in := w.Say(c, "my secret number")
	said := w.Append(in).Message
	note := w.Answer(c, ann, "note")
	note.Message.Kind = conversation.Note
	noted := w.Append(note).Message
	w.IndexAll()
	find := func() int {
		hits, _, err := s.Search(t.Context(), conversation.SearchQuery{Tenant: w.Tenant, Scope: conversation.Scope{All: true}, Text: "secret", Limit: 9})
		must(t, err)
		return len(hits)
	}
	equal(t, "found before", find(), 1)
	recall := func(tenant id.Tenant, m conversation.Message, author string, notBefore time.Time) (conversation.RecallResult, error) {
		return s.Recall(t.Context(), conversation.RecallInput{Tenant: tenant, Conversation: c.ID, Seq: m.Seq, Author: author, NotBefore: notBefore,
			Recall: conversation.Recall{At: T0.Add(time.Minute), By: conversation.Author{Kind: "agent", ID: author, Name: "Ann"}}})
	}
	_, err := recall(o.Tenant, said, "", time.Time{})
	wantReason(t, err, errs.NotFound, "conversation_not_found")
	_, err = recall(w.Tenant, conversation.Message{Seq: 99}, "", time.Time{})
	wantReason(t, err, errs.NotFound, "message_not_found")
	_, err = recall(w.Tenant, conversation.Message{Seq: 1}, "", time.Time{})
	wantReason(t, err, errs.Conflict, "not_recallable")
	_, err = recall(w.Tenant, said, string(ann), time.Time{})
	wantReason(t, err, errs.Forbidden, "not_author")
	_, err = recall(w.Tenant, said, said.From.ID, T0.Add(time.Second))
	wantReason(t, err, errs.Conflict, "too_late")
	equal(t, "refusals change nothing", find(), 1)

	got, err := recall(w.Tenant, said, said.From.ID, T0)
	must(t, err)
	equal(t, "line", spaced(got.Line.Kind, got.Line.Line.Name, got.Line.Line.Seq == said.Seq, got.Line.Seq), "event recalled true 4")
	equal(t, "row", spaced(got.Conversation.LastText == "", got.Conversation.LastKind, got.Conversation.LastSeq, got.Conversation.AgentName), "true event 4 ann")
	list, err := s.Messages(t.Context(), w.Tenant, c.ID, conversation.Range{Limit: 9})
	must(t, err)
	m := list[said.Seq-1]
	equal(t, "message", spaced(len(list), m.Seq, m.Text == "", m.Recalled.By.Name, m.Recalled.At.Equal(T0.Add(time.Minute)), m.From.ID == said.From.ID), "4 2 true Ann true true")
	equal(t, "found after", find(), 0)
	got, err = recall(w.Tenant, said, "", time.Time{})
	must(t, err)
	equal(t, "twice", spaced(got.Line.Seq, got.Message.Recalled != nil), "0 true")

	w.Close(got.Conversation)
	got, err = recall(w.Tenant, noted, "", time.Time{})
	must(t, err)
	equal(t, "a note in a closed conversation", spaced(got.Line.Kind, got.Conversation.Status, got.Line.Seq), "note closed 6")
	now, err := s.Conversation(t.Context(), w.Tenant, c.ID)
	must(t, err)
	CheckGapless(t, s, now)
	w.IndexAll()
	equal(t, "the index follows", find(), 0)
}

// testRecallInLongText takes long and frequent texts out of the index.
func testRecallInLongText(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	long := ""
	for i := range 1500 {
		long += fmt.Sprint("w", i, " 字", i, " ")
	}
	for _, text := range []string{"a", long, "hello", "hello"} {
		m := w.Append(w.Say(c, text)).Message
		w.IndexAll()
		_, err := s.Recall(t.Context(), conversation.RecallInput{Tenant: w.Tenant, Conversation: c.ID, Seq: m.Seq, Recall: conversation.Recall{At: T0}})
		must(t, err)
	}
	hits, _, err := s.Search(t.Context(), conversation.SearchQuery{Tenant: w.Tenant, Scope: conversation.Scope{All: true}, Text: "hello", Limit: 9})
	must(t, err)
	equal(t, "hits", len(hits), 0)
}

// testMentions keeps who was mentioned where.
func testMentions(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann, bob := w.Ready("ann", 5), w.Ready("bob", 5)
	c, d := w.Assign(w.Start("Vera", ""), ann).Conversation, w.Assign(w.Start("Uli", ""), ann).Conversation
	note := func(c conversation.Conversation, text, client string, to ...id.Agent) conversation.Appended {
		in := w.Answer(c, ann, text)
		in.Message.Kind, in.Message.Mentions, in.Message.ClientID = conversation.Note, to, client
		return w.Append(in)
	}
	first := note(c, "one", "x", bob)
	equal(t, "repeated", note(c, "one", "x", bob).Repeated, true)
	note(c, "two", "", bob, ann)
	third := note(d, "three", "", bob)
	counts := func() string {
		a, err := s.UnreadMentions(t.Context(), w.Tenant, ann)
		must(t, err)
		b, err := s.UnreadMentions(t.Context(), w.Tenant, bob)
		must(t, err)
		x, err := s.UnreadMentions(t.Context(), o.Tenant, bob)
		must(t, err)
		return spaced(a, b, x)
	}
	equal(t, "unread", counts(), "1 3 0")
	list, err := s.Mentions(t.Context(), w.Tenant, bob, false, "", 2)
	must(t, err)
	equal(t, "newest", spaced(len(list), list[0].Text, list[0].VisitorName, list[0].Seq == third.Message.Seq, list[1].Text, list[0].ReadAt == nil), "2 three Uli true two true")
	list, err = s.Mentions(t.Context(), w.Tenant, bob, true, string(list[1].Message), 2)
	must(t, err)
	equal(t, "next page", spaced(len(list), list[0].Text, list[0].From.Name), "1 one agent")
	n, err := s.ReadMentions(t.Context(), o.Tenant, bob, "", T0)
	must(t, err)
	equal(t, "another tenant reads", n, 0)
	n, err = s.ReadMentions(t.Context(), w.Tenant, bob, c.ID, T0)
	must(t, err)
	equal(t, "read", spaced(n, counts()), "2 1 1 0")
	_, err = s.Recall(t.Context(), conversation.RecallInput{Tenant: w.Tenant, Conversation: d.ID, Seq: third.Message.Seq, Recall: conversation.Recall{At: T0}})
	must(t, err)
	equal(t, "after the note was taken back", counts(), "1 0 0")
	all, err := s.Messages(t.Context(), w.Tenant, c.ID, conversation.Range{Limit: 9})
	must(t, err)
	equal(t, "kept with the note", spaced(all[first.Message.Seq-1].Mentions), spaced([]id.Agent{bob}))
	people, err := s.Colleagues(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "colleagues", spaced(len(people), people[0].Name, people[1].Username), "2 ann bob")
}

// testDrafts keeps the newest drafts.
func testDrafts(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann, bob := w.Ready("ann", 5), w.Ready("bob", 5)
	c := w.Start("Vera", "")
	save := func(a id.Agent, text string, minute int) {
		t.Helper()
		must(t, s.SaveDraft(t.Context(), w.Tenant, a, conversation.Draft{Conversation: c.ID, Text: text, Note: true, At: T0.Add(time.Duration(minute) * time.Minute)}))
	}
	save(ann, "a", 1)
	save(ann, "b", 2)
	save(bob, "x", 1)
	list, err := s.Drafts(t.Context(), w.Tenant, ann)
	must(t, err)
	equal(t, "drafts", spaced(len(list), list[0].Text, list[0].Note, list[0].At.Equal(T0.Add(2*time.Minute))), "1 b true true")
	list, err = s.Drafts(t.Context(), w.Tenant, bob)
	must(t, err)
	equal(t, "a colleague's draft of the same conversation", spaced(len(list), list[0].Text), "1 x")
	wantReason(t, s.SaveDraft(t.Context(), o.Tenant, ann, conversation.Draft{Conversation: c.ID, Text: "evil", At: T0}), errs.NotFound, "conversation_not_found")
	had, err := s.DropDraft(t.Context(), o.Tenant, ann, c.ID)
	must(t, err)
	equal(t, "dropped by another tenant", had, false)
	save(ann, "", 3)
	had, err = s.DropDraft(t.Context(), w.Tenant, ann, c.ID)
	must(t, err)
	equal(t, "an empty draft is none", had, false)
	for i := range conversation.MaxDrafts + 3 {
		d := w.Start(fmt.Sprint("v", i), "")
		must(t, s.SaveDraft(t.Context(), w.Tenant, ann, conversation.Draft{Conversation: d.ID, Text: fmt.Sprint(i), At: T0.Add(time.Duration(i) * time.Minute)}))
	}
	list, err = s.Drafts(t.Context(), w.Tenant, ann)
	must(t, err)
	equal(t, "bounded", spaced(len(list), list[len(list)-1].Text), "200 3")
	had, err = s.DropDraft(t.Context(), w.Tenant, bob, c.ID)
	must(t, err)
	equal(t, "bob's own", had, true)
}

// testTags keeps tags and what has them.
func testTags(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann := w.Ready("ann", 99)
	add := func(kind tag.Kind, name string, sort int) string {
		t.Helper()
		g := tag.Tag{ID: id.New(), Tenant: w.Tenant, Kind: kind, Name: name, Color: "#112233", Sort: sort, CreatedAt: T0}
		must(t, s.SaveTag(t.Context(), g, true, 3))
		return g.ID
	}
	vip, late, buyer := add(tag.Conversation, "VIP", 2), add(tag.Conversation, "late", 1), add(tag.Visitor, "vip", 1)
	wantReason(t, s.SaveTag(t.Context(), tag.Tag{ID: id.New(), Tenant: w.Tenant, Kind: tag.Conversation, Name: "vip"}, true, 9), errs.Conflict, "tag_exists")
	wantReason(t, s.SaveTag(t.Context(), tag.Tag{ID: late, Tenant: w.Tenant, Name: "Vip"}, false, 9), errs.Conflict, "tag_exists")
	wantReason(t, s.SaveTag(t.Context(), tag.Tag{ID: late, Tenant: o.Tenant, Name: "x"}, false, 9), errs.NotFound, "tag_not_found")
	wantReason(t, s.SaveTag(t.Context(), tag.Tag{ID: id.New(), Tenant: w.Tenant, Kind: tag.Conversation, Name: "n"}, true, 2), errs.Conflict, "too_many_tags")
	list, err := s.Tags(t.Context(), w.Tenant, tag.Conversation)
	must(t, err)
	equal(t, "tags", spaced(len(list), list[0].Name, list[1].Name, list[1].Color), "2 late VIP #112233")

	var made []conversation.Conversation
	for i := range 6 {
		w.Now = T0.Add(time.Duration(i) * time.Minute)
		c := w.Start(fmt.Sprint("v", i), "")
		if i%2 == 0 {
			c = w.Assign(c, ann).Conversation
		}
		made = append(made, c)
	}
	label := func(tenant id.Tenant, c conversation.Conversation, add, remove []string) (conversation.Conversation, error) {
		return s.TagConversation(t.Context(), conversation.TagInput{Tenant: tenant, Conversation: c.ID, Add: add, Remove: remove, By: ann, At: T0})
	}
	for _, i := range []int{0, 1, 2, 4} {
		got, err := label(w.Tenant, made[i], []string{vip, late, vip}, nil)
		must(t, err)
		equal(t, "tags of the conversation", spaced(got.Tags), spaced([]string{vip, late}))
		// Routing gives away what waits by the version that it has read.
		equal(t, "newer than before", got.Version > made[i].Version, got.Status != conversation.Queued)
	}
	uses, err := s.TagUses(t.Context(), w.Tenant, 3)
	must(t, err)
	equal(t, "uses", spaced(len(uses), uses[0].Tag == late, uses[0].Uses, uses[1].Uses, uses[2].Uses), "3 true 3 3 0")
	uses, err = s.TagUses(t.Context(), o.Tenant, 3)
	must(t, err)
	equal(t, "uses of another company", len(uses), 0)
	must(t, s.SaveTag(t.Context(), tag.Tag{ID: late, Tenant: w.Tenant, Name: "late", Color: "#112233", Sort: 1, Archived: true}, false, 9))
	_, err = label(w.Tenant, made[3], []string{late}, nil)
	wantReason(t, err, errs.NotFound, "tag_not_found")
	list, err = s.Tags(t.Context(), w.Tenant, tag.Conversation)
	must(t, err)
	equal(t, "archived", spaced(list[0].Archived, list[1].Archived), "true false")
	must(t, s.SaveTag(t.Context(), tag.Tag{ID: late, Tenant: w.Tenant, Name: "late", Color: "#112233", Sort: 1}, false, 9))
	_, err = label(w.Tenant, made[0], []string{buyer}, nil)
	wantReason(t, err, errs.NotFound, "tag_not_found")
	_, err = label(o.Tenant, made[0], nil, []string{vip})
	wantReason(t, err, errs.NotFound, "conversation_not_found")
	got, err := label(w.Tenant, made[4], nil, []string{vip})
	must(t, err)
	equal(t, "after removal", spaced(got.Tags), spaced([]string{late}))
	kept, err := s.Conversation(t.Context(), w.Tenant, made[4].ID)
	must(t, err)
	equal(t, "kept", spaced(kept.Tags), spaced([]string{late}))
	testTagLists(t, w, ann, vip, late, made)

	tags, err := s.TagVisitor(t.Context(), tag.VisitorInput{Tenant: w.Tenant, Visitor: made[0].Visitor, Add: []string{buyer}, By: ann, At: T0})
	must(t, err)
	equal(t, "visitor's tags", spaced(tags), spaced([]string{buyer}))
	_, err = s.TagVisitor(t.Context(), tag.VisitorInput{Tenant: w.Tenant, Visitor: made[0].Visitor, Add: []string{vip}, At: T0})
	wantReason(t, err, errs.NotFound, "tag_not_found")
	_, err = s.TagVisitor(t.Context(), tag.VisitorInput{Tenant: o.Tenant, Visitor: made[0].Visitor, Remove: []string{buyer}, At: T0})
	wantReason(t, err, errs.NotFound, "visitor_not_found")
	wantReason(t, s.DeleteTag(t.Context(), o.Tenant, buyer), errs.NotFound, "tag_not_found")
	must(t, s.DeleteTag(t.Context(), w.Tenant, buyer))
	tags, err = s.TagsOf(t.Context(), w.Tenant, made[0].Visitor)
	must(t, err)
	equal(t, "after the tag went", len(tags), 0)
}

// testTagLists checks the lists restricted to a tag, page by page.
func testTagLists(t *testing.T, w *World, ann id.Agent, vip, late string, made []conversation.Conversation) {
	t.Helper()
	w.Close(made[2])
	w.Close(made[0])
	w.Close(made[4])
	all, mine := conversation.Scope{All: true}, conversation.Scope{Agent: ann}
	nobody := conversation.Scope{Agent: "nobody", Teams: []id.Team{"none"}}
	for _, x := range []struct {
		f    conversation.Filter
		want string
	}{
		{conversation.Filter{View: conversation.ViewAll, Tag: vip, Scope: all}, "v1"},
		{conversation.Filter{View: conversation.ViewQueue, Tag: vip, Scope: all}, "v1"},
		{conversation.Filter{View: conversation.ViewQueue, Tag: "", Scope: all}, "v1 v3 v5"},
		{conversation.Filter{View: conversation.ViewMine, Tag: vip, Scope: mine}, ""},
		{conversation.Filter{View: conversation.ViewClosed, Tag: late, Scope: all}, "v4 v2 v0"},
		{conversation.Filter{View: conversation.ViewClosed, Tag: vip, Scope: mine}, "v2 v0"},
		{conversation.Filter{View: conversation.ViewClosed, Tag: vip, Scope: nobody}, "v2 v0"},
		{conversation.Filter{View: conversation.ViewAll, Tag: vip, Scope: all, Visitor: made[0].Visitor}, "v0"},
		{conversation.Filter{View: conversation.ViewAll, Tag: late, Scope: all, Visitor: made[3].Visitor}, ""},
	} {
		x.f.Tenant, x.f.Limit = w.Tenant, 1
		got := ""
		for pages := 0; pages < 9; pages++ {
			list, next, err := w.S.List(t.Context(), x.f)
			must(t, err)
			for _, c := range list {
				if got += c.VisitorName; next != "" {
					got += " "
				}
			}
			if x.f.After = next; next == "" {
				break
			}
		}
		equal(t, fmt.Sprintf("%+v", x.f), got, x.want)
	}
}
