package storetest

import (
	"testing"
	"time"

	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/store"
)

func (w *World) hook(name string, active bool) hook.Hook {
	w.T.Helper()
	h := hook.Hook{ID: id.New(), Tenant: w.Tenant, Name: name, URL: "https://x.example/", Format: "parlor", Secret: "s", Key: "k",
		Occasions: []hook.Occasion{hook.Closed}, Timeout: 100, Tries: 2, Active: active, CreatedAt: w.Now}
	w.ok(w.S.SaveHook(w.T.Context(), h, 3, audit.None))
	_, err := w.S.HooksChanged(w.T.Context())
	w.ok(err)
	return h
}

// testHooksDue follows what is due from the append to the end of its delivery.
func testHooksDue(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	quiet, ready := w.Start("before", ""), w.Ready("ann", 5)
	a, off := w.hook("a", true), w.hook("off", false)
	o.Append(o.Say(o.Start("foreign", ""), "not told"))
	c := w.Start("bia", "")
	w.Append(w.Say(c, "one"))
	w.Append(w.Say(quiet, "told from here on"))
	list, err := s.ClaimHooks(ctx, 10, 10, nil, T0, T0.Add(time.Minute))
	must(t, err)
	got := map[id.Conversation]string{}
	for _, d := range list {
		got[d.Conversation] = spaced(d.Hook == a.ID, d.Tenant, d.Told, d.Last)
	}
	equal(t, "due", spaced(len(list), got[c.ID], got[quiet.ID]), "2 true main -2 1 true main 0 1")
	again, err := s.ClaimHooks(ctx, 10, 10, nil, T0, T0.Add(time.Minute))
	must(t, err)
	equal(t, "leased", len(again), 0)
	none, err := s.ClaimHooks(ctx, 10, 10, []string{a.ID}, T0.Add(time.Hour), T0.Add(2*time.Hour))
	must(t, err)
	equal(t, "of a busy one", len(none), 0)

	// What comes while it is told stays due when it has been told.
	w.Append(w.Say(c, "two"))
	must(t, s.SettleHook(ctx, hook.Settled{Due: hook.Due{Hook: a.ID, Tenant: w.Tenant, Conversation: c.ID}, Told: 1}))
	must(t, s.SettleHook(ctx, hook.Settled{Due: hook.Due{Hook: a.ID, Tenant: w.Tenant, Conversation: quiet.ID}, Told: 1}))
	list, err = s.ClaimHooks(ctx, 10, 10, nil, T0, T0.Add(time.Minute))
	must(t, err)
	equal(t, "rest", spaced(len(list), list[0].Conversation == c.ID, list[0].Told, list[0].Last), "1 true 1 2")
	must(t, s.SettleHook(ctx, hook.Settled{Due: list[0], Told: 1, Tries: 1, At: T0.Add(time.Hour)}))
	at, ok, err := s.NextHook(ctx)
	must(t, err)
	equal(t, "next", spaced(at.Equal(T0.Add(time.Hour)), ok), "true true")
	list, err = s.ClaimHooks(ctx, 10, 10, nil, T0.Add(time.Hour), T0.Add(2*time.Hour))
	must(t, err)
	equal(t, "tries", list[0].Tries, 1)
	must(t, s.SettleHook(ctx, hook.Settled{Due: list[0], Told: 2}))
	_, ok, err = s.NextHook(ctx)
	must(t, err)
	equal(t, "nothing is due", ok, false)

	// A message recorded with a change counts too, and a note is due by itself.
	w.Assign(c, ready)
	must(t, s.NoteHooks(ctx, w.Tenant, []string{a.ID, "none"}, hook.Note{Occasion: hook.LeftMessage, Data: "x", At: T0}))
	must(t, s.NoteHooks(ctx, o.Tenant, []string{a.ID}, hook.Note{Occasion: hook.LeftMessage, At: T0}))
	one, err := s.ClaimHooks(ctx, 10, 1, nil, T0, T0.Add(time.Minute))
	must(t, err)
	two, err := s.ClaimHooks(ctx, 10, 1, nil, T0, T0.Add(time.Minute))
	must(t, err)
	equal(t, "one at a time", spaced(len(one), len(two)), "1 1")
	for _, d := range append(one, two...) {
		if d.ID != "" {
			equal(t, "note", spaced(d.Note.Occasion, d.Note.Data, d.Conversation == ""), "visitor.left_message x true")
			must(t, s.SettleHook(ctx, hook.Settled{Due: d, Done: true}))
		} else {
			equal(t, "line", spaced(d.Told, d.Last), "2 3")
		}
	}
	wantReason(t, s.SaveHook(ctx, hook.Hook{ID: a.ID, Tenant: o.Tenant, Name: "theirs"}, 3, audit.None), errs.Conflict, "hook_exists")
	wantReason(t, s.DeleteHook(ctx, o.Tenant, a.ID, audit.None), errs.NotFound, "hook_not_found")
	must(t, s.DeleteHook(ctx, w.Tenant, a.ID, audit.None))
	_, ok, err = s.NextHook(ctx)
	must(t, err)
	equal(t, "due of a deleted one", ok, false)
	all, err := s.Hooks(ctx, "")
	must(t, err)
	equal(t, "kept", spaced(len(all), all[0].ID == off.ID, all[0].Secret, all[0].Key, all[0].Occasions), "1 true s k [conversation.closed]")
	w.hook("b", true)
	w.hook("c", true)
	wantReason(t, s.SaveHook(ctx, hook.Hook{ID: id.New(), Tenant: w.Tenant}, 3, audit.None), errs.Conflict, "hooks_full")
}

// testHookChannels tells the way out of a channel of its conversations only.
func testHookChannels(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	h := hook.Hook{ID: "channel-sms", Tenant: w.Tenant, Name: "sms", Channel: "sms", Format: "sms", Occasions: []hook.Occasion{hook.FromAgent}, Timeout: 100, Tries: 2, Active: true, CreatedAt: w.Now}
	must(t, s.SaveHook(ctx, h, 0, audit.None)) // beside those that are counted
	_, err := s.HooksChanged(ctx)
	must(t, err)
	web, v := w.Start("web", ""), w.Visitor("sms")
	w.Append(w.Say(web, "not told"))
	c, _, err := s.Start(ctx, conversation.Conversation{ID: id.Conversation(id.New()), Tenant: w.Tenant, Inbox: w.Inbox, Channel: "sms", Visitor: v, Status: conversation.Queued, Version: 1,
		CreatedAt: w.Now, QueuedAt: w.Now, LastAt: w.Now})
	must(t, err)
	w.Append(w.Say(c, "told"))
	must(t, s.NoteHooks(ctx, w.Tenant, nil, hook.Note{Occasion: hook.LeftMessage, At: T0}))
	list, err := s.ClaimHooks(ctx, 10, 10, nil, T0, T0.Add(time.Minute))
	must(t, err)
	equal(t, "due", spaced(len(list), list[0].Conversation == c.ID, list[0].Told, list[0].Last), "1 true -2 1")
	all, err := s.Hooks(ctx, w.Tenant)
	must(t, err)
	equal(t, "kept", spaced(len(all), all[0].Channel), "1 sms")
	w.hook("webhook", true)
	w.Append(w.Say(web, "told to the webhook"))
	w.Append(w.Say(c, "told to both"))
	list, err = s.ClaimHooks(ctx, 10, 10, nil, T0, T0.Add(time.Minute))
	must(t, err)
	equal(t, "of the webhook", len(list), 2)

	// The way of its messages is kept with the conversation.
	o := conversation.Origin{Service: "twilio", Own: "+1", Address: "+2", Subject: "s", Thread: []string{"a", "b"}}
	topic := "t"
	must(t, s.ChangeDetails(ctx, w.Tenant, c.ID, conversation.DetailChange{Origin: &o}))
	must(t, s.ChangeDetails(ctx, w.Tenant, c.ID, conversation.DetailChange{Topic: &topic}))
	d, err := s.Details(ctx, w.Tenant, []id.Conversation{c.ID})
	must(t, err)
	equal(t, "origin", spaced(d[0].Topic, d[0].Origin.Service, d[0].Origin.Own, d[0].Origin.Address, d[0].Origin.Subject, d[0].Origin.Thread), "t twilio +1 +2 s [a b]")
}

// testHookLog keeps attempts, in pages and by filter, for a while.
func testHookLog(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	h := w.hook("a", true)
	c := w.Start("bia", "")
	var last string
	for i := range 5 {
		a := hook.Attempt{ID: id.New(), Tenant: w.Tenant, Hook: h.ID, Delivery: "d", Occasion: hook.Closed, Number: i + 1, At: T0.Add(time.Duration(i) * time.Hour),
			Took: 7, Status: 500, Failure: "answered 500", Dead: i == 4, Request: "{}", Answer: "no"}
		if i == 2 {
			a.Conversation = c.ID
		}
		last = a.ID
		must(t, s.SettleHook(ctx, hook.Settled{Due: hook.Due{Hook: h.ID, Tenant: w.Tenant, Conversation: c.ID}, Told: -2, At: T0, Attempt: a, Keep: i == 2, Answer: "kept"}))
	}
	page := func(f hook.Filter) (numbers []int) {
		list, err := s.HookAttempts(ctx, w.Tenant, f)
		must(t, err)
		for _, a := range list {
			numbers = append(numbers, a.Number)
		}
		return numbers
	}
	equal(t, "pages", spaced(page(hook.Filter{Limit: 3}), page(hook.Filter{Hook: h.ID, Limit: 9, After: last}), page(hook.Filter{Dead: true, Limit: 9}),
		page(hook.Filter{Conversation: c.ID, Limit: 9}), page(hook.Filter{Hook: h.ID, Dead: true, Limit: 9})), "[5 4 3] [4 3 2 1] [5] [3] [5]")
	a, err := s.HookAttempt(ctx, w.Tenant, last)
	must(t, err)
	equal(t, "whole", spaced(a.Number, a.Took, a.Status, a.Failure, a.Dead, a.Request, a.Answer), "5 7 500 answered 500 true {} no")
	_, err = s.HookAttempt(ctx, o.Tenant, last)
	wantReason(t, err, errs.NotFound, "attempt_not_found")
	answers, err := s.HookAnswers(ctx, w.Tenant, []id.Conversation{"none", c.ID})
	must(t, err)
	foreign, err := s.HookAnswers(ctx, o.Tenant, []id.Conversation{c.ID})
	must(t, err)
	equal(t, "answers", spaced(answers[c.ID], len(answers), len(foreign)), "kept 1 0")
	n, err := s.ExpireAttempts(ctx, T0.Add(150*time.Minute))
	must(t, err)
	equal(t, "expired", spaced(n, page(hook.Filter{Limit: 9})), "3 [5 4]")
}

// testHooksEdited checks that changes of an ended conversation are told, those that
// follow each other as one, and those of a running one not.
func testHooksEdited(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	a := w.hook("a", true)
	topic := "t"
	runs, ended := w.Start("runs", ""), w.Start("ended", "")
	w.Close(ended)
	list, err := s.ClaimHooks(ctx, 10, 10, nil, T0, T0.Add(time.Minute))
	must(t, err)
	for _, d := range list {
		must(t, s.SettleHook(ctx, hook.Settled{Due: d, Told: d.Last}))
	}
	change := func(c id.Conversation, after time.Duration) {
		t.Helper()
		must(t, s.ChangeDetails(ctx, w.Tenant, c, conversation.DetailChange{Topic: &topic, At: T0.Add(after)}))
	}
	change(runs.ID, 0)
	must(t, s.ChangeDetails(ctx, w.Tenant, ended.ID, conversation.DetailChange{Survey: map[string]string{"a": "b"}, At: T0}))
	_, ok, err := s.NextHook(ctx)
	must(t, err)
	equal(t, "neither a running one nor a survey", ok, false)
	change(ended.ID, 0)
	_, err = s.Label(ctx, conversation.LabelInput{Tenant: w.Tenant, Conversation: ended.ID, Names: []string{"new"}, At: T0.Add(10 * time.Millisecond)})
	must(t, err)
	soon, err := s.ClaimHooks(ctx, 10, 10, nil, T0.Add(100*time.Millisecond), T0.Add(time.Minute))
	must(t, err)
	equal(t, "not at once", len(soon), 0)
	due, err := s.ClaimHooks(ctx, 10, 10, nil, T0.Add(time.Second), T0.Add(time.Minute))
	must(t, err)
	equal(t, "two changes are one", len(due), 1)
	equal(t, "note", spaced(due[0].Hook == a.ID, due[0].Note.Occasion, due[0].Note.Conversation == ended.ID, due[0].Note.Inbox), "true conversation.edited true main")
	change(ended.ID, time.Second) // while the first one is on its way
	more, err := s.ClaimHooks(ctx, 10, 10, nil, T0.Add(2*time.Second), T0.Add(time.Minute))
	must(t, err)
	equal(t, "told again", len(more), 1)
}
