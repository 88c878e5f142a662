package storetest

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/binding"
	"parlor/internal/errs"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/store"
)

func (w *World) put(flag, visitor string, a id.Agent, change ...func(*binding.Put)) (*binding.Binding, error) {
	w.T.Helper()
	p := binding.Put{ID: id.New(), Binding: binding.Binding{Tenant: w.Tenant, Flag: flag, Visitor: visitor, Agent: a, AgentName: "as then",
		CreatedAt: w.Now, ByName: "Ann", How: binding.ByHand}, Cause: binding.Cause{How: binding.ByHand, Note: "why"}, By: "ann"}
	for _, f := range change {
		f(&p)
	}
	return w.S.PutBinding(w.T.Context(), p)
}

func (w *World) bind(flag, visitor string, a id.Agent, change ...func(*binding.Put)) {
	w.T.Helper()
	_, err := w.put(flag, visitor, a, change...)
	w.ok(err)
}

func replacing(p *binding.Put) { p.Replace = true }

func until(t time.Time) func(*binding.Put) { return func(p *binding.Put) { p.Binding.Until = &t } }

// testBindings follows one binding from its making to its end, with its history.
func testBindings(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann, bob := w.Agent("ann", 5), w.Agent("bob", 5)
	by := audit.By{Kind: actor.Agent, ID: "ann", Name: "Ann", At: T0}
	w.bind("lead", "Vera", ann, func(p *binding.Put) { p.Audit = by })
	o.bind("lead", "vera", o.Agent("eve", 5))
	for _, a := range []id.Agent{ann, bob} {
		_, err := w.put("lead", "VERA", a)
		wantReason(t, err, errs.Conflict, "bound_already")
	}
	got, ok, err := s.FindBinding(ctx, w.Tenant, "lead", []string{"nobody", "vERa"}, T0)
	must(t, err)
	equal(t, "found", spaced(ok, got.Visitor, got.Agent == ann, got.AgentName, got.AgentOff, got.Until == nil, got.ByName, got.How), "true Vera true ann false true Ann hand")
	_, ok, err = s.FindBinding(ctx, w.Tenant, "Lead", []string{"vera"}, T0)
	must(t, err)
	equal(t, "flags are exact", ok, false)

	before, err := w.put("lead", "vera", bob, replacing)
	must(t, err)
	equal(t, "before", before.Agent == ann, true)
	before, err = w.put("lead", "vera", bob, replacing)
	must(t, err)
	equal(t, "same again", before.Agent == bob, true)
	gone, err := s.DropBinding(ctx, binding.Drop{ID: id.New(), Tenant: w.Tenant, Flag: "lead", Visitor: "vera", Agent: ann, At: T0})
	must(t, err)
	equal(t, "of another agent", gone == nil, true)
	gone, err = s.DropBinding(ctx, binding.Drop{ID: id.New(), Tenant: w.Tenant, Flag: "lead", Visitor: "vera", At: T0, ByName: "CRM", Cause: binding.Cause{How: binding.ByAPI}, Audit: by})
	must(t, err)
	equal(t, "gone", gone.Agent == bob, true)
	gone, err = s.DropBinding(ctx, binding.Drop{ID: id.New(), Tenant: w.Tenant, Flag: "lead", Visitor: "vera", At: T0})
	must(t, err)
	equal(t, "again", gone == nil, true)

	list, next, err := s.BindingHistory(ctx, w.Tenant, "VERA", "lead", "", 2)
	must(t, err)
	equal(t, "history", spaced(len(list), list[0].Action, list[0].How, list[0].ByName, list[1].Action, list[1].Agent == bob), "2 unbound api CRM moved true")
	list, next, err = s.BindingHistory(ctx, w.Tenant, "vera", "", next, 2)
	must(t, err)
	equal(t, "rest", spaced(len(list), next, list[0].Action, list[0].AgentName, list[0].Note, list[0].By), "1  bound as then why ann")
	entries, _, err := s.Audit(ctx, w.Tenant, audit.Filter{Thing: "binding", Limit: 9})
	must(t, err)
	equal(t, "audit", spaced(len(entries), entries[0].Action, entries[1].Action), "2 delete create")
	_, ok, err = s.FindBinding(ctx, o.Tenant, "lead", []string{"vera"}, T0)
	must(t, err)
	equal(t, "of the other company", ok, true)
}

// testBindingEnds lets bindings end by their time, by their flag and by their age.
func testBindingEnds(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	ann := w.Agent("ann", 5)
	hour := T0.Add(time.Hour)
	w.bind("lead", "a", ann, until(hour))
	w.bind("lead", "b", ann)
	w.bind("lead", "c", ann, func(p *binding.Put) { p.Binding.CreatedAt = hour })
	_, ok, err := s.FindBinding(ctx, w.Tenant, "lead", []string{"a"}, hour)
	must(t, err)
	equal(t, "ended", ok, false)
	n, err := s.CountBindings(ctx, w.Tenant, binding.Filter{Now: hour})
	must(t, err)
	equal(t, "count", n, 2)
	w.bind("lead", "a", ann, func(p *binding.Put) { p.Binding.CreatedAt = hour }) // what has ended is not in the way
	_, err = s.PutBinding(ctx, binding.Put{ID: id.New(), Binding: binding.Binding{Tenant: w.Tenant, Flag: "lead", Visitor: "d", Agent: ann, Until: &hour, CreatedAt: T0}})
	must(t, err)
	list, err := s.ExpireBindings(ctx, hour, 9)
	must(t, err)
	equal(t, "expired", spaced(len(list), list[0].Visitor), "1 d")
	list, err = s.DropBindings(ctx, w.Tenant, "lead", hour, 9, binding.Drop{Tenant: w.Tenant, At: hour, Cause: binding.Cause{How: binding.ByRule, Rule: "old"}})
	must(t, err)
	equal(t, "old", spaced(len(list), list[0].Visitor), "1 b")
	list, err = s.DropBindings(ctx, w.Tenant, "lead", time.Time{}, 1, binding.Drop{Tenant: w.Tenant, At: hour})
	must(t, err)
	equal(t, "one of the flag", len(list), 1)
	history, _, err := s.BindingHistory(ctx, w.Tenant, "b", "", "", 9)
	must(t, err)
	equal(t, "why", spaced(history[0].Action, history[0].How, history[0].Rule), "unbound rule old")
}

// testBindingLists reads pages in every order that a filter has.
func testBindingLists(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	ann, bob := w.Agent("ann", 5), w.Agent("bob", 5)
	for i := range 7 {
		w.bind("lead", fmt.Sprint("User_", i), ann)
		w.bind("售后", fmt.Sprint("user_", i), bob)
	}
	w.bind("lead", "other", bob)
	for name, c := range map[string]struct {
		f    binding.Filter
		want int
	}{
		"all":                    {binding.Filter{}, 15},
		"flag":                   {binding.Filter{Flag: "lead"}, 8},
		"prefix":                 {binding.Filter{Visitor: "user_"}, 14},
		"prefix and flag":        {binding.Filter{Visitor: "user_", Flag: "售后"}, 7},
		"agent":                  {binding.Filter{Agent: bob}, 8},
		"agent and prefix":       {binding.Filter{Agent: bob, Visitor: "o"}, 1},
		"agent, flag and prefix": {binding.Filter{Agent: bob, Flag: "lead", Visitor: "o"}, 1},
		"nobody":                 {binding.Filter{Visitor: "x"}, 0},
	} {
		c.f.Now, c.f.Limit = T0, 3
		n, err := s.CountBindings(ctx, w.Tenant, c.f)
		must(t, err)
		seen := map[string]bool{}
		for {
			list, next, err := s.Bindings(ctx, w.Tenant, c.f)
			must(t, err)
			for _, b := range list {
				seen[b.Flag+"/"+b.Visitor] = true
			}
			if c.f.After = next; next == "" {
				break
			}
		}
		equal(t, name, spaced(n, len(seen)), spaced(c.want, c.want))
	}
	list, _, err := s.Bindings(ctx, w.Tenant, binding.Filter{Now: T0, Limit: 2, Skip: 7})
	must(t, err)
	equal(t, "by number", spaced(list[0].Visitor, list[1].Visitor), "User_3 user_3")
	flags, err := s.BindingFlags(ctx, w.Tenant, 9)
	must(t, err)
	equal(t, "flags", spaced(flags), "[lead 售后]")
	_, _, err = s.Bindings(ctx, w.Tenant, binding.Filter{After: "§", Limit: 1})
	wantReason(t, err, errs.Invalid, "bad_cursor")
}

// testBindingsTogether puts many in one transaction.
func testBindingsTogether(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	ann, bob := w.Agent("ann", 5), w.Agent("bob", 5)
	w.bind("lead", "taken", bob)
	w.bind("lead", "same", ann)
	w.bind("lead", "ended", bob, until(T0.Add(time.Minute)))
	w.Now = T0.Add(time.Hour)
	entry := func(visitor string, a id.Agent) binding.Put {
		return binding.Put{ID: id.New(), Binding: binding.Binding{Tenant: w.Tenant, Flag: "lead", Visitor: visitor, Agent: a, CreatedAt: w.Now, How: binding.ByImport}, Cause: binding.Cause{How: binding.ByImport}}
	}
	list := []binding.Put{entry("new", ann), entry("taken", ann), entry("Same", ann), entry("ended", ann), entry("NEW", bob)}
	done, err := s.PutBindings(ctx, list)
	must(t, err)
	equal(t, "done", spaced(done), spaced([]binding.Outcome{binding.OutcomeBound, binding.OutcomeTaken, binding.OutcomeSame, binding.OutcomeBound, binding.OutcomeTaken}))
	for i := range list {
		list[i].ID, list[i].Replace = id.New(), true
	}
	done, err = s.PutBindings(ctx, list)
	must(t, err)
	equal(t, "replaced", spaced(done), spaced([]binding.Outcome{binding.OutcomeSame, binding.OutcomeReplaced, binding.OutcomeSame, binding.OutcomeSame, binding.OutcomeReplaced}))
	got, _, err := s.FindBinding(ctx, w.Tenant, "lead", []string{"new"}, w.Now)
	must(t, err)
	equal(t, "the last one counts", spaced(got.Agent == bob, got.Visitor), "true NEW")
	history, _, err := s.BindingHistory(ctx, w.Tenant, "new", "", "", 9)
	must(t, err)
	equal(t, "history", spaced(len(history), history[0].Action, history[1].Action), "2 moved bound")
}

// testBindingMarks lets a rule act once for a conversation, and tells webhooks.
func testBindingMarks(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	ann, bob := w.Agent("ann", 5), w.Agent("bob", 5)
	h := w.hook("a", true)
	rule := func(p *binding.Put) {
		p.Replace, p.Once, p.Cause = true, true, binding.Cause{How: binding.ByRule, Rule: "first", Conversation: "c1"}
	}
	w.bind("lead", "vera", ann, rule)
	_, err := w.put("lead", "vera", bob, rule)
	wantReason(t, err, errs.Conflict, "done_already")
	drop := binding.Drop{ID: id.New(), Tenant: w.Tenant, Flag: "lead", Visitor: "vera", At: T0, Once: true, Cause: binding.Cause{How: binding.ByRule, Rule: "rated", Conversation: "c1"}}
	_, err = s.DropBinding(ctx, drop)
	must(t, err)
	_, err = s.DropBinding(ctx, drop)
	wantReason(t, err, errs.Conflict, "done_already")
	due, err := s.ClaimHooks(ctx, 9, 9, nil, T0, T0.Add(time.Minute))
	must(t, err)
	told := map[hook.Occasion]bool{}
	for _, d := range due {
		told[d.Note.Occasion] = d.Hook == h.ID
	}
	equal(t, "told", spaced(len(due), told[hook.BindingCreated], told[hook.BindingDeleted]), "2 true true")
	n, err := s.ForgetBindingMarks(ctx, T0.Add(time.Second))
	must(t, err)
	equal(t, "forgotten", n, 2)
	w.bind("lead", "vera", bob, rule)
}
