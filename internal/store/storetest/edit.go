package storetest

import (
	"testing"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/store"
)

// testEdit changes the text of messages.
func testEdit(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann := w.Ready("ann", 5)
	c := w.Assign(w.Start("Vera", ""), ann).Conversation
	in := w.Say(c, "an elefant came")
	in.Message.ClientID = "mine-1"
	said := w.Append(in).Message
	w.IndexAll()
	find := func(text string) int {
		hits, _, err := s.Search(t.Context(), conversation.SearchQuery{Tenant: w.Tenant, Scope: conversation.Scope{All: true}, Text: text, Limit: 9})
		must(t, err)
		return len(hits)
	}
	edit := func(tenant id.Tenant, seq int64, author, text string) (conversation.EditResult, error) {
		return s.Edit(t.Context(), conversation.EditInput{Tenant: tenant, Conversation: c.ID, Seq: seq, Author: author, Text: text, At: T0.Add(time.Minute),
			By: conversation.Author{Kind: "visitor", ID: said.From.ID, Name: "Vera"}})
	}
	_, err := edit(o.Tenant, said.Seq, "", "x")
	wantReason(t, err, errs.NotFound, "conversation_not_found")
	_, err = edit(w.Tenant, 99, "", "x")
	wantReason(t, err, errs.NotFound, "message_not_found")
	_, err = edit(w.Tenant, 1, "", "x")
	wantReason(t, err, errs.Conflict, "not_editable")
	_, err = edit(w.Tenant, said.Seq, string(ann), "x")
	wantReason(t, err, errs.Forbidden, "not_author")
	equal(t, "refusals change nothing", find("elefant"), 1)

	got, err := edit(w.Tenant, said.Seq, said.From.ID, "an elephant came")
	must(t, err)
	equal(t, "line", spaced(got.Line.Kind, got.Line.Line.Name, got.Line.Line.Seq == said.Seq, got.Line.Seq, got.Line.Line.Text), "event edited true 3 an elephant came")
	equal(t, "row", spaced(got.Conversation.LastText, got.Conversation.LastSeq, got.Conversation.Unread, got.Conversation.AgentName), "an elephant came 3 1 ann")
	again, err := edit(w.Tenant, said.Seq, said.From.ID, "an elephant came")
	must(t, err)
	equal(t, "the same text", spaced(again.Line.Seq, again.Message.Edited.Times), "0 1")
	w.IndexAll()
	equal(t, "found by the new text only", spaced(find("elephant"), find("elefant")), "1 0")
	m, err := s.FindMessage(t.Context(), w.Tenant, "", "mine-1")
	must(t, err)
	equal(t, "message", spaced(m.Text, m.Seq == said.Seq, m.Edited.By.Name, m.Edited.At.Equal(T0.Add(time.Minute)), m.Tenant), "an elephant came true Vera true main")
	_, err = s.FindMessage(t.Context(), o.Tenant, "", "mine-1")
	wantReason(t, err, errs.NotFound, "message_not_found")
	_, err = s.FindMessage(t.Context(), w.Tenant, "another", "mine-1")
	wantReason(t, err, errs.NotFound, "message_not_found")

	// What was taken back is in no line either.
	back, err := s.Recall(t.Context(), conversation.RecallInput{Tenant: w.Tenant, Conversation: c.ID, Seq: said.Seq, Recall: conversation.Recall{At: T0}})
	must(t, err)
	list, err := s.Messages(t.Context(), w.Tenant, c.ID, conversation.Range{Limit: 9})
	must(t, err)
	equal(t, "lines after a recall", spaced(len(list), list[2].Line.Name, list[2].Line.Text == "", find("elephant")), "4 edited true 0")
	_, err = edit(w.Tenant, said.Seq, "", "x")
	wantReason(t, err, errs.Conflict, "message_recalled")
	later := w.Append(w.Say(c, "bye")).Message
	w.Close(back.Conversation)
	_, err = edit(w.Tenant, later.Seq, "", "x")
	wantReason(t, err, errs.Conflict, "conversation_closed")
	now, err := s.Conversation(t.Context(), w.Tenant, c.ID)
	must(t, err)
	CheckGapless(t, s, now)
}

// testRangeOfTexts reads parts of a conversation by time and by text.
func testRangeOfTexts(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	for i, text := range []string{"Hello", "100% sure", "hello_again"} {
		in := w.Say(c, text)
		in.Message.At = T0.Add(time.Duration(i) * time.Second)
		w.Append(in)
	}
	read := func(r conversation.Range) string {
		r.Limit = 9
		list, err := s.Messages(t.Context(), w.Tenant, c.ID, r)
		must(t, err)
		text := ""
		for _, m := range list {
			text += m.Text + "|"
		}
		return text
	}
	equal(t, "before a time", read(conversation.Range{Until: T0.Add(2 * time.Second)}), "Hello|100% sure|")
	equal(t, "by a text", read(conversation.Range{Text: "HELLO"}), "Hello|hello_again|")
	equal(t, "signs mean themselves", read(conversation.Range{Text: "0%"})+read(conversation.Range{Text: "o_"})+read(conversation.Range{Text: `\`}), "100% sure|hello_again|")
	equal(t, "both", read(conversation.Range{Text: "hello", Until: T0.Add(time.Second)}), "Hello|")
}
