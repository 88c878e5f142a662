package store_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/export"
	"parlor/internal/id"
	"parlor/internal/invite"
	"parlor/internal/knowledge"
	"parlor/internal/leave"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"parlor/internal/summary"
	"parlor/internal/survey"
)

// seen collects the statements of several stores.
type seen struct {
	mu    sync.Mutex
	texts map[string][]any
}

func (s *seen) add(text string, args []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.texts[text]; !ok {
		s.texts[text] = append([]any{}, args...)
	}
}

// scans lists the statements that may read a whole table, with the reason.
var scans = map[string]string{
	"FROM tenant ORDER BY number":           "all tenants are wanted",
	"FROM tenant RETURNING number":          "the highest number is the last entry of its index",
	"SELECT * FROM outbox ORDER BY pos":     "the oldest rows are wanted, and no more than a page",
	"INSERT INTO outbox":                    "a restore indexes all messages",
	"SELECT 1 FROM ":                        "one row is wanted",
	"SELECT * FROM ":                        "a backup reads everything",
	"WHERE a.open > 0":                      "agents who hold conversations are few, and have an index of their own",
	"COUNT(DISTINCT version_id)":            "the table of migrations has a handful of rows",
	"SELECT MAX(version_id)":                "the table of migrations has a handful of rows",
	"sqlite_sequence":                       "the table of counters has a row",
	"SELECT 1 FROM conversation":            "one row is wanted",
	"SELECT DISTINCT tenant, channel FROM":  "the companies that have webhooks are wanted, once for each change of one",
	"FROM hook_due ORDER BY due_at":         "the first entry of the index is wanted",
	"FROM fact_due d ORDER BY":              "the oldest rows are wanted, and no more than a page",
	"DELETE FROM outbox WHERE conversation": "the outbox is as small as the backlog of the search index",
	"FROM presence p LIMIT 1":               "one row is wanted",
	"INSERT INTO agent_time":                "everybody who is connected is wanted, of all companies",
	"INSERT INTO agent_state":               "everybody who is connected is wanted, of all companies",
	"FROM hook ORDER BY id":                 "the webhooks of all companies are wanted",
}

// TestNoStatementScansATable runs the conformance suite on SQLite, collects all
// statements and asks the engine how it runs each.
func TestNoStatementScansATable(t *testing.T) {
	t.Parallel()
	all := &seen{texts: map[string][]any{}}
	t.Run("suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) *store.Store {
			s := storetest.SQLite(t)
			store.Trace(s, all.add)
			return s
		})
	})
	s := storetest.SQLite(t)
	tables, err := store.Query(t.Context(), s, `SELECT name FROM sqlite_master WHERE type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Join(tables, "|")
	checked := 0
	for text, args := range all.texts {
		if strings.HasPrefix(text, "BEGIN") || text == "COMMIT" || text == "ROLLBACK" {
			continue
		}
		plan, err := store.Plan(t.Context(), s, text, args)
		if err != nil {
			t.Errorf("%v\n%s", err, text)
			continue
		}
		checked++
		for _, step := range plan {
			if what, ok := strings.CutPrefix(step, "SCAN "); ok && isTable(text, strings.Fields(what)[0], names) && !allowed(text) {
				t.Errorf("%s\n%s", step, text)
			}
		}
	}
	if checked < 90 {
		t.Fatalf("only %d statements were checked", checked)
	}
}

// isTable reports whether a name in a plan is a table or stands for one in text.
func isTable(text, name, tables string) bool {
	if strings.HasPrefix(name, "search_tokens") {
		return false // a virtual table is always "scanned", by its own index
	}
	if regexp.MustCompile(`^(` + tables + `)$`).MatchString(name) {
		return true
	}
	return regexp.MustCompile(`\b(` + tables + `)\s+(AS\s+)?` + regexp.QuoteMeta(name) + `\b`).MatchString(text)
}

func allowed(text string) bool {
	for part, reason := range scans {
		if reason != "" && strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// TestFilteredListsWalkTheirOwnIndex holds the planner to the index that has the
// filter in it; it has no statistics to tell it that the others are long.
func TestFilteredListsWalkTheirOwnIndex(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	// What these find is so little that it is sorted.
	sorted := map[string]bool{"conversation_agent": true}
	var text string
	var args []any
	store.Trace(s, func(x string, a []any) { text, args = x, append([]any{}, a...) })
	for _, c := range []struct {
		index string
		list  func() error
	}{
		{"audit_at", func() error { _, _, err := s.Audit(t.Context(), "main", audit.Filter{Limit: 5}); return err }},
		{"audit_kind", func() error {
			_, _, err := s.Audit(t.Context(), "main", audit.Filter{Thing: "team", Limit: 5})
			return err
		}},
		{"audit_thing", func() error {
			_, _, err := s.Audit(t.Context(), "main", audit.Filter{Thing: "team", ThingID: "x", Limit: 5})
			return err
		}},
		{"audit_kind_by", func() error {
			_, _, err := s.Audit(t.Context(), "main", audit.Filter{Thing: "team", By: "x", Limit: 5})
			return err
		}},
		{"audit_by", func() error { _, _, err := s.Audit(t.Context(), "main", audit.Filter{By: "x", Limit: 5}); return err }},
		{"summary_due", func() error { _, _, err := s.DueFollowUps(t.Context(), summary.DueFilter{Tenant: "main"}); return err }},
		{"summary_due_agent", func() error {
			_, _, err := s.DueFollowUps(t.Context(), summary.DueFilter{Tenant: "main", Agent: "x"})
			return err
		}},
		{"summary_due_team", func() error {
			_, _, err := s.DueFollowUps(t.Context(), summary.DueFilter{Tenant: "main", Team: "x"})
			return err
		}},
		{"export_at", func() error { _, _, err := s.Exports(t.Context(), "main", export.Query{}); return err }},
		{"export_by", func() error {
			_, _, err := s.Exports(t.Context(), "main", export.Query{ByKind: "agent", ByID: "x"})
			return err
		}},
		{"conversation_started", func() error { return past(t, s, export.Past{Scope: conversation.Scope{All: true}}) }},
		{"conversation_started_agent", func() error { return past(t, s, export.Past{Agent: "x", Scope: conversation.Scope{All: true}}) }},
		{"conversation_started_team", func() error { return past(t, s, export.Past{Team: "x", Scope: conversation.Scope{All: true}}) }},
		{"contact_name", func() error { _, _, err := s.PastContacts(t.Context(), "main", "", "", 5); return err }},
		{"contact_manager", func() error { _, _, err := s.PastContacts(t.Context(), "main", "x", "", 5); return err }},
		{"audit_at", func() error {
			_, _, err := s.Audit(t.Context(), "main", audit.Filter{From: time.Unix(1, 0), To: time.Unix(9, 0), Limit: 5})
			return err
		}},
		{"leave_message_at", func() error {
			_, _, err := s.Leaves(t.Context(), "main", leave.Filter{From: time.Unix(1, 0), To: time.Unix(9, 0)})
			return err
		}},
		{"survey_answered", func() error { _, _, err := s.Surveys(t.Context(), "main", survey.Filter{}); return err }},
		{"survey_agent", func() error { _, _, err := s.Surveys(t.Context(), "main", survey.Filter{Agent: "x"}); return err }},
		{"survey_level", func() error { _, _, err := s.Surveys(t.Context(), "main", survey.Filter{Level: "x"}); return err }},
		{"survey_team", func() error { _, _, err := s.Surveys(t.Context(), "main", survey.Filter{Team: "x"}); return err }},
		{"survey_inbox", func() error {
			_, _, err := s.Surveys(t.Context(), "main", survey.Filter{Inbox: "x", From: time.Unix(1, 0)})
			return err
		}},
		{"invitation_at", func() error {
			_, _, err := s.Invites(t.Context(), "main", invite.Filter{From: time.Unix(1, 0)})
			return err
		}},
		{"invitation_inbox", func() error { _, _, err := s.Invites(t.Context(), "main", invite.Filter{Inbox: "x"}); return err }},
		{"invitation_result", func() error {
			_, _, err := s.Invites(t.Context(), "main", invite.Filter{Result: invite.Refused})
			return err
		}},
		{"leave_message_at", func() error { _, _, err := s.Leaves(t.Context(), "main", leave.Filter{}); return err }},
		{"leave_message_at", func() error { _, _, err := s.LeavePage(t.Context(), "main", leave.PageFilter{Limit: 9}); return err }},
		{"leave_message_state", func() error {
			_, _, err := s.LeavePage(t.Context(), "main", leave.PageFilter{State: leave.Open, Limit: 9})
			return err
		}},
		{"conversation_agent", func() error { _, err := s.Waits(t.Context(), "main", 9); return err }},
		{"leave_message_state", func() error { _, _, err := s.Leaves(t.Context(), "main", leave.Filter{State: leave.Open}); return err }},
		{"leave_message_assignee", func() error {
			_, _, err := s.Leaves(t.Context(), "main", leave.Filter{State: leave.Open, Assignee: "x"})
			return err
		}},
		{"leave_message_visitor", func() error { _, _, err := s.Leaves(t.Context(), "main", leave.Filter{Visitor: "x"}); return err }},
		{"conversation_active", func() error { return lists(t, s, conversation.ViewAll, conversation.Scope{All: true}) }},
		{"conversation_active", func() error {
			return lists(t, s, conversation.ViewAll, conversation.Scope{Agent: "x", Teams: []id.Team{"y", "z"}})
		}},
		{"conversation_agent", func() error { return lists(t, s, conversation.ViewMine, conversation.Scope{Agent: "x"}) }},
		{"conversation_active", func() error {
			_, err := s.Count(t.Context(), "main", conversation.Scope{Agent: "x", Teams: []id.Team{"y"}})
			return err
		}},
		{"conversation_agent", func() error {
			_, err := s.Count(t.Context(), "main", conversation.Scope{All: true, Agent: "x"})
			return err
		}},
		{"knowledge_article_updated", func() error {
			_, _, err := s.KnowledgeList(t.Context(), knowledge.Filter{Tenant: "main", Categories: []string{"x"}, Limit: 5})
			return err
		}},
		{"invitation_visitor", func() error { _, _, err := s.Invites(t.Context(), "main", invite.Filter{Visitor: "x"}); return err }},
	} {
		if err := c.list(); err != nil {
			t.Fatal(err)
		}
		plan, err := store.Plan(t.Context(), s, text, args)
		if got := strings.Join(plan, "\n"); err != nil || !strings.Contains(got, "INDEX "+c.index+" ") || strings.Contains(got, "TEMP B-TREE") && !sorted[c.index] {
			t.Errorf("%s is not used: %v\n%s\n%s", c.index, err, got, text)
		}
	}
}

// lists reads a page of a view.
func lists(t *testing.T, s *store.Store, v conversation.View, sc conversation.Scope) error {
	_, _, err := s.List(t.Context(), conversation.Filter{Tenant: "main", View: v, Scope: sc, Limit: 5})
	return err
}

// past reads a page of past conversations.
func past(t *testing.T, s *store.Store, p export.Past) error {
	p.Tenant, p.From, p.To, p.Limit = "main", time.Unix(1, 0), time.Unix(9, 0), 5
	_, _, err := s.PastConversations(t.Context(), p)
	return err
}

// found looks for a message that is not there.
func found(t *testing.T, s *store.Store, c id.Conversation) error {
	_, err := s.FindMessage(t.Context(), "main", c, "x")
	if errs.CodeOf(err) == errs.NotFound {
		return nil
	}
	return err
}
