package fill_test

import (
	"io"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/fill"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func small() fill.Options {
	return fill.Options{Conversations: 300, Messages: 3000, Visitors: 90, Open: 20, Waiting: 10, Seed: 1, Now: now}
}

func TestFillMakesWhatWasAskedForAndListsFindIt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		r, err := fill.Fill(ctx, s, small(), io.Discard)
		if err != nil || r.Conversations != 300 || r.Messages != 3000 {
			t.Fatalf("%+v, %v", r, err)
		}
		everybody := conversation.Scope{All: true}
		seen, messages, visitors := 0, int64(0), map[string]bool{}
		for _, view := range []struct {
			view conversation.View
			n    int
		}{{conversation.ViewQueue, 10}, {conversation.ViewAll, 30}, {conversation.ViewClosed, 270}} {
			n, after := 0, ""
			for {
				page, next, err := s.List(ctx, conversation.Filter{Tenant: account.MainTenant, View: view.view, Scope: everybody, After: after, Limit: 200})
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range page {
					n++
					if view.view == conversation.ViewQueue {
						continue // they are among all
					}
					messages += c.LastSeq
					visitors[string(c.Visitor)] = true
					list, err := s.Messages(ctx, account.MainTenant, c.ID, conversation.Range{Limit: 200})
					if err != nil || int64(len(list)) != c.LastSeq || list[len(list)-1].Prev != c.LastSeq-1 || c.CreatedAt.After(now) || c.CreatedAt.Before(now.AddDate(-1, 0, -2)) {
						t.Fatalf("%+v: %d messages, %v", c, len(list), err)
					}
				}
				if after = next; after == "" {
					break
				}
			}
			if n != view.n {
				t.Errorf("%s: %d conversations, not %d", view.view, n, view.n)
			}
			seen += n
		}
		if messages != 3000 || seen != 310 || len(visitors) < 60 || len(visitors) > 90 {
			t.Errorf("%d messages in %d rows of %d visitors", messages, seen, len(visitors))
		}
		found, _, err := s.Search(ctx, conversation.SearchQuery{Tenant: account.MainTenant, Scope: everybody, Text: "发货", Limit: 20})
		if err != nil || len(found) != 20 {
			t.Errorf("search found %d, %v", len(found), err)
		}
	})
}

// TestFillLeavesTheDatabaseInOrder appends after filling: numbers go on, and the
// search finds old and new.
func TestFillLeavesTheDatabaseInOrder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		if _, err := fill.Fill(ctx, s, small(), io.Discard); err != nil {
			t.Fatal(err)
		}
		page, _, err := s.List(ctx, conversation.Filter{Tenant: account.MainTenant, View: conversation.ViewQueue, Scope: conversation.Scope{All: true}, Limit: 1})
		if err != nil || len(page) != 1 {
			t.Fatal(page, err)
		}
		got, err := s.Append(ctx, conversation.Append{Message: conversation.Message{Tenant: account.MainTenant, Conversation: page[0].ID, Kind: conversation.Text,
			From: conversation.Author{Kind: "visitor", ID: string(page[0].Visitor)}, Text: "鹦鹉螺", At: now}})
		if err != nil || got.Message.Seq != page[0].LastSeq+1 || got.Message.Prev != page[0].LastSeq {
			t.Fatalf("%+v, %v", got.Message, err)
		}
		if n, err := s.IndexNext(ctx, 10); n != 1 || err != nil {
			t.Fatalf("indexed %d, %v", n, err)
		}
		hits, _, err := s.Search(ctx, conversation.SearchQuery{Tenant: account.MainTenant, Scope: conversation.Scope{All: true}, Text: "鹦鹉", Limit: 5})
		if err != nil || len(hits) != 1 {
			t.Errorf("%d hits, %v", len(hits), err)
		}
		agents, err := s.Agents(ctx, account.MainTenant)
		if err != nil {
			t.Fatal(err)
		}
		open := 0
		for _, a := range agents {
			st, err := s.AgentStatus(ctx, account.MainTenant, a.ID, now)
			if err != nil || st.Open > a.Cap {
				t.Fatalf("%+v, %v", st, err)
			}
			open += st.Open
		}
		if open != 20 {
			t.Errorf("agents hold %d conversations", open)
		}
	})
}

func TestFillRefusesRealDataAndNonsense(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	w := storetest.NewWorld(t, s, "main")
	w.Start("somebody", "")
	if _, err := fill.Fill(t.Context(), s, small(), io.Discard); errs.ReasonOf(err) != "not_empty" {
		t.Errorf("filled a database in use: %v", err)
	}
	if list, err := s.Agents(t.Context(), w.Tenant); err != nil || len(list) != 0 {
		t.Errorf("a refusal left %d agents, %v", len(list), err)
	}
	o := small()
	o.Force = true
	if _, err := fill.Fill(t.Context(), s, o, io.Discard); err != nil {
		t.Errorf("forced: %v", err)
	}
	o.Now = now.Add(time.Hour)
	if _, err := fill.Fill(t.Context(), s, o, io.Discard); err != nil {
		t.Errorf("forced again: %v", err)
	}
	for name, change := range map[string]func(*fill.Options){
		"no conversations": func(o *fill.Options) { o.Conversations = 0 }, "too few messages": func(o *fill.Options) { o.Messages = 10 },
		"more open than there are": func(o *fill.Options) { o.Open = 400 }, "too few visitors": func(o *fill.Options) { o.Visitors = 5 },
	} {
		o := small()
		change(&o)
		if _, err := fill.Fill(t.Context(), storetest.SQLite(t), o, io.Discard); errs.CodeOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSearchPagesMeetNoGapAndNoTwin walks a word in every fortieth message page
// by page: PostgreSQL finds it among more and more of the newest documents.
func TestSearchPagesMeetNoGapAndNoTwin(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := small()
		o.Conversations, o.Messages = 600, 9000
		if _, err := fill.Fill(t.Context(), s, o, io.Discard); err != nil {
			t.Fatal(err)
		}
		count := func(limit int) map[string]bool {
			found, after := map[string]bool{}, ""
			for {
				hits, next, err := s.Search(t.Context(), conversation.SearchQuery{Tenant: account.MainTenant, Scope: conversation.Scope{All: true}, Text: "refunded", After: after, Limit: limit})
				if err != nil {
					t.Fatal(err)
				}
				for _, h := range hits {
					if found[string(h.Message.ID)] {
						t.Fatalf("%s came twice", h.Message.ID)
					}
					found[string(h.Message.ID)] = true
				}
				if after = next; after == "" {
					return found
				}
			}
		}
		few, many := count(7), count(100)
		if len(few) < 100 || len(few) != len(many) {
			t.Errorf("%d in small pages, %d in large ones", len(few), len(many))
		}
	})
}
