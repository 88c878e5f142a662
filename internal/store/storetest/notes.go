package storetest

import (
	"fmt"
	"parlor/internal/conversation"
	"regexp"
	"testing"
	"time"

	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/summary"
)

// testSummaries keeps summaries and finds follow-ups by date. Rows 83 and 84.
func testSummaries(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	help := w.Team("help")
	ann, bob := w.Agent("ann", 99, help), w.Agent("bob", 99)
	ctx := t.Context()
	top := summary.SessionType{ID: id.New(), Tenant: w.Tenant, Name: "after sales", Sort: 2, CreatedAt: T0}
	below := summary.SessionType{ID: id.New(), Tenant: w.Tenant, Parent: top.ID, Name: "refund", Code: "R1", Sort: 1, CreatedAt: T0}
	must(t, s.SaveSessionType(ctx, top, true, 2))
	must(t, s.SaveSessionType(ctx, below, true, 2))
	wantReason(t, s.SaveSessionType(ctx, summary.SessionType{ID: id.New(), Tenant: w.Tenant, Name: "x"}, true, 2), errs.Conflict, "too_many_types")
	wantReason(t, s.RemoveSessionType(ctx, w.Tenant, top.ID), errs.Conflict, "type_not_empty")
	wantReason(t, s.RemoveSessionType(ctx, o.Tenant, below.ID), errs.NotFound, "type_not_found")
	types, err := s.SessionTypes(ctx, w.Tenant)
	must(t, err)
	equal(t, "types", spaced(len(types), types[0].Code, types[0].Parent == top.ID), "2 R1 true")

	note := func(name string, agent id.Agent, team id.Team, hour int) summary.Summary {
		c := w.Start(name, team)
		y := summary.Summary{Conversation: c.ID, Tenant: w.Tenant, Visitor: c.Visitor, Agent: agent, Team: team, Text: name, Class: below.ID, State: summary.None,
			CreatedAt: T0, UpdatedAt: T0}
		if hour > 0 {
			y.State, y.FollowUp = summary.Open, &summary.FollowUp{Kind: summary.Phone, At: T0.Add(time.Duration(hour) * time.Hour), Contact: "10086"}
		}
		must(t, s.SaveSummary(ctx, y))
		return y
	}
	a := note("a", ann, help, 3)
	for i, n := range []string{"b", "c", "d"} {
		note(n, bob, help, 1+i/2)
	}
	note("e", ann, "", 9)
	note("none", ann, help, 0)
	due := func(f summary.DueFilter) string {
		t.Helper()
		got := ""
		for {
			f.Limit = 2
			page, next, err := s.DueFollowUps(ctx, f)
			must(t, err)
			for _, y := range page {
				got += y.Text
			}
			if f.After = next; next == "" {
				return got
			}
		}
	}
	equal(t, "ann's", due(summary.DueFilter{Tenant: w.Tenant, Agent: ann}), "ae")
	equal(t, "the team's", len(due(summary.DueFilter{Tenant: w.Tenant, Team: help})), 4)
	equal(t, "all until then", len(due(summary.DueFilter{Tenant: w.Tenant, Until: T0.Add(3 * time.Hour)})), 4)
	equal(t, "all", len(due(summary.DueFilter{Tenant: w.Tenant})), 5)
	equal(t, "another tenant's", due(summary.DueFilter{Tenant: o.Tenant, Agent: ann}), "")

	must(t, s.HandleSummary(ctx, w.Tenant, a.Conversation, "Ann", "called", T0.Add(time.Minute)))
	wantReason(t, s.HandleSummary(ctx, w.Tenant, a.Conversation, "Ann", "again", T0), errs.Conflict, "not_open")
	wantReason(t, s.HandleSummary(ctx, o.Tenant, a.Conversation, "Eve", "x", T0), errs.NotFound, "summary_not_found")
	got, err := s.Summary(ctx, w.Tenant, a.Conversation)
	must(t, err)
	equal(t, "handled", spaced(got.State, got.Note, got.HandledBy, got.HandledAt.Equal(T0.Add(time.Minute)), got.VisitorName, got.AgentName, got.FollowUp.Contact, got.Class == below.ID),
		"handled called Ann true a ann 10086 true")
	equal(t, "ann's after", due(summary.DueFilter{Tenant: w.Tenant, Agent: ann}), "e")
	must(t, s.SaveSummary(ctx, a))
	equal(t, "open again", due(summary.DueFilter{Tenant: w.Tenant, Agent: ann}), "ae")
	_, err = s.Summary(ctx, o.Tenant, a.Conversation)
	wantReason(t, err, errs.NotFound, "summary_not_found")
	stolen := a
	stolen.Tenant = o.Tenant
	wantReason(t, s.SaveSummary(ctx, stolen), errs.NotFound, "conversation_not_found")
	a.Class = "none"
	wantReason(t, s.SaveSummary(ctx, a), errs.NotFound, "type_not_found")
	a.Agent = "nobody"
	wantReason(t, s.SaveSummary(ctx, a), errs.NotFound, "agent_not_found")
}

// testFields keeps fields and values of visitors. Row 51 in part.
func testFields(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ctx, v := t.Context(), w.Visitor("Vera")
	add := func(key string, most int) (field.VisitorField, error) {
		f := field.VisitorField{ID: id.New(), Tenant: w.Tenant, Key: key, Name: key, Kind: field.Choice, Options: []string{"a", "b,c"}, Required: true, Masked: true, Sort: 3, CreatedAt: T0}
		return f, s.SaveField(ctx, f, true, most)
	}
	size, err := add("size", 2)
	must(t, err)
	_, err = add("size", 9)
	wantReason(t, err, errs.Conflict, "field_exists")
	color, err := add("color", 2)
	must(t, err)
	_, err = add("third", 2)
	wantReason(t, err, errs.Conflict, "too_many_fields")
	size.Name, size.Masked, size.Sort = "Size", false, 1
	must(t, s.SaveField(ctx, size, false, 2))
	list, err := s.Fields(ctx, w.Tenant)
	must(t, err)
	equal(t, "fields", spaced(len(list), list[0].Name, list[0].Masked, list[0].Required, list[0].Options, list[1].Masked), "2 Size false true [a b,c] true")

	must(t, s.SetFieldValues(ctx, w.Tenant, v, map[string]string{size.ID: "a", color.ID: "red"}))
	must(t, s.SetFieldValues(ctx, w.Tenant, v, map[string]string{size.ID: "b,c", color.ID: ""}))
	values, err := s.FieldValues(ctx, w.Tenant, v)
	must(t, err)
	equal(t, "values", fmt.Sprint(values), fmt.Sprint(map[string]string{size.ID: "b,c"}))
	wantReason(t, s.SetFieldValues(ctx, o.Tenant, v, map[string]string{size.ID: "x"}), errs.NotFound, "visitor_not_found")
	wantReason(t, s.SetFieldValues(ctx, o.Tenant, o.Visitor("Uli"), map[string]string{size.ID: "x"}), errs.NotFound, "field_not_found")
	_, err = s.FieldValues(ctx, o.Tenant, v)
	wantReason(t, err, errs.NotFound, "visitor_not_found")
	testCustomFields(t, s, w, o, v, size)
	wantReason(t, s.RemoveField(ctx, o.Tenant, size.ID), errs.NotFound, "field_not_found")
	must(t, s.RemoveField(ctx, w.Tenant, size.ID))
	values, err = s.FieldValues(ctx, w.Tenant, v)
	must(t, err)
	equal(t, "values after the field went", len(values), 0)
}

// testCustomFields keeps fields of conversations beside those of visitors.
func testCustomFields(t *testing.T, s *store.Store, w, o *World, v id.Visitor, size field.VisitorField) {
	t.Helper()
	ctx, c := t.Context(), w.Start("Ida", "")
	f := field.VisitorField{ID: id.New(), Tenant: w.Tenant, Key: "order-No", Name: "Order", Kind: field.Text, Options: []string{}, CreatedAt: T0,
		Custom: field.Custom{Scope: field.OfConversation, Hidden: true, Pattern: "^[0-9]+$", Searchable: true, Public: true, Preset: "1", Visibility: "public", Choices: "a,b", Select: true}}
	must(t, s.SaveField(ctx, f, true, 9))
	list, err := s.AllFields(ctx, w.Tenant)
	must(t, err)
	equal(t, "with all they have", spaced(len(list), list[0].Custom == f.Custom || list[1].Custom == f.Custom || list[2].Custom == f.Custom), "3 true")
	list, err = s.Fields(ctx, w.Tenant)
	must(t, err)
	equal(t, "those of visitors", len(list), 2)
	values, err := s.ValuesOf(ctx, w.Tenant, []id.Visitor{v})
	must(t, err)
	equal(t, "by key", values[v]["size"], "b,c")
	must(t, s.SetRoomValues(ctx, w.Tenant, c.ID, map[string]string{f.ID: "12"}, T0))
	must(t, s.SetRoomValues(ctx, w.Tenant, c.ID, map[string]string{f.ID: "13"}, T0))
	wantReason(t, s.SetRoomValues(ctx, o.Tenant, c.ID, map[string]string{f.ID: "1"}, T0), errs.NotFound, "conversation_not_found")
	wantReason(t, s.SetRoomValues(ctx, w.Tenant, c.ID, map[string]string{"none": "1"}, T0), errs.NotFound, "field_not_found")
	details, err := s.Details(ctx, w.Tenant, []id.Conversation{c.ID})
	must(t, err)
	equal(t, "value", details[0].Fields["order-No"], "13")
	_, n, err := s.Find(ctx, conversation.Query{Tenant: w.Tenant, Limit: 5, Fields: map[string]*regexp.Regexp{"order-No": regexp.MustCompile("^1")}})
	must(t, err)
	equal(t, "found by it", n, 1)
	must(t, s.RemoveField(ctx, w.Tenant, f.ID))
	details, err = s.Details(ctx, w.Tenant, []id.Conversation{c.ID})
	must(t, err)
	equal(t, "gone with the field", len(details), 0)
	equal(t, "the other stays", size.Key, "size")
}
