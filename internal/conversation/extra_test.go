package conversation_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/conversation"
	"parlor/internal/event"
	"parlor/internal/ext"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// TestStructuredPartOfMessages: cards are worded for those who see none, parameters
// go to the business pages, and what says nothing is not shown.
func TestStructuredPartOfMessages(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		send := func(text, raw string) conversation.Posted {
			t.Helper()
			p, err := f.Post(t.Context(), f.visitor, conversation.PostInput{Conversation: f.conv, Kind: conversation.Text, Text: text, Ext: []byte(raw)})
			f.must(err)
			return p
		}
		card := send("", `{"weichat":{"interactiveFlag":"order-detail"},"msgtype":{"order":{"title":"About it","order_id":"A-1"}}}`)
		if m := card.Message; m.Seq != 2 || m.Text != "About it\nA-1" || !m.Extra.Worded || m.Extra.Flag != "order-detail" || m.Extra.Card.Kind != ext.Order {
			t.Fatalf("%+v %+v", m, m.Extra)
		}
		said := send("Which?", `{"weichat":{"interactiveFlag":"x"},"cmd":{"updateVisitorInfoSrc":{"params":{"orderNo":"A-1","gone":"1"}}}}`)
		if m := said.Message; m.Text != "Which?" || m.Extra.Worded || m.Extra.Card != nil {
			t.Fatalf("%+v", m)
		}
		n := len(f.events)
		silent := send(" ", `{"cmd":{"updateVisitorInfoSrc":{"params":{"orderNo":"A-2"}}}}`)
		if silent.Message.Seq != 0 || silent.Conversation.LastSeq != 3 || silent.Conversation.ID != f.conv {
			t.Fatalf("%+v", silent)
		}
		if len(f.events) != n+1 || f.events[n].Kind != event.ParamsMoved || fmt.Sprint(f.events[n].Data.(*conversation.ParamsMoved).Params) != "map[gone:1 orderNo:A-2]" {
			t.Fatalf("%+v", f.events[n:])
		}
		send("", `{"cmd":{"updateVisitorInfoSrc":{"params":{"orderNo":"A-2"}}}}`)
		send("", `{"weichat":{"businessFlag":"lead"}}`)
		if len(f.events) != n+1 {
			t.Fatalf("nothing changed, but: %+v", f.events[n+1:])
		}
		f.must(f.SetParams(t.Context(), "main", f.conv, map[string]string{"gone": ""}))
		d, err := f.DetailsOf(t.Context(), "main", []id.Conversation{f.conv})
		f.must(err)
		if got := fmt.Sprint(d[f.conv].Params); got != "map[orderNo:A-2]" {
			t.Fatal(got)
		}
		list, err := f.Messages(t.Context(), f.agent, f.conv, conversation.Range{})
		f.must(err)
		if len(list) != 3 || list[1].Extra == nil || list[1].Extra.Card.Number != "A-1" || list[2].Extra.Flag != "x" {
			t.Fatalf("%+v", list)
		}
		// Agents show cards; what business pages are told is not theirs to say.
		p, err := f.Post(t.Context(), f.agent, conversation.PostInput{Conversation: f.conv, Kind: conversation.Text, Ext: []byte(`{"msgtype":{"articles":[{"title":"One"}]},"cmd":{"updateVisitorInfoSrc":{"params":{"orderNo":"A-9"}}}}`)})
		f.must(err)
		if p.Message.Text != "One" {
			t.Fatalf("%+v", p.Message)
		}
		if d, err = f.DetailsOf(t.Context(), "main", []id.Conversation{f.conv}); err != nil || d[f.conv].Params["orderNo"] != "A-2" {
			t.Fatal(d, err)
		}
		// What is taken back is gone as a whole.
		m, err := f.Recall(t.Context(), f.visitor, f.conv, 2)
		f.must(err)
		if m.Extra != nil || m.Text != "" {
			t.Fatalf("%+v", m)
		}

		many := map[string]string{}
		for i := range conversation.MaxParams {
			many[fmt.Sprint(i)] = "x"
		}
		f.refused("too_many_params", f.SetParams(t.Context(), "main", f.conv, many))
		for raw, reason := range map[string]string{"[]": "bad_ext", `{"a":"` + strings.Repeat("x", ext.MaxBytes) + `"}`: "ext_too_long"} {
			_, err := f.Post(t.Context(), f.visitor, conversation.PostInput{Conversation: f.conv, Kind: conversation.Text, Text: "x", Ext: []byte(raw)})
			f.refused(reason, err)
		}
		_, err = f.Post(t.Context(), f.agent, conversation.PostInput{Conversation: f.conv, Kind: conversation.Text, Ext: []byte(`{"weichat":{}}`)})
		f.refused("empty_text", err)
		_, err = f.Close(t.Context(), f.boss, f.conv, "")
		f.must(err)
		_, err = f.Post(t.Context(), f.visitor, conversation.PostInput{Conversation: f.conv, Kind: conversation.Text, Ext: []byte(`{"cmd":{"updateVisitorInfoSrc":{"params":{"a":"b"}}}}`)})
		f.refused("conversation_closed", err)
	})
}
