package storetest

import (
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	calls "parlor/internal/call"
	"parlor/internal/id"
	"parlor/internal/store"
)

// record adds a recording of a call.
func (w *World) record(c calls.Call, side actor.Kind, starts int64, until time.Time) calls.Record {
	w.T.Helper()
	r := calls.Record{Call: c.ID, Side: side, File: id.File(id.New()), Offset: starts, Length: 61_500, Size: 1 << 33, Video: side == actor.Agent, Until: until}
	must(w.T, w.S.AddRecord(w.T.Context(), w.Tenant, c.Conversation, r, calls.ForgetJob(w.Tenant, r, until)))
	return r
}

// testRecords keeps recordings of calls and lets go of them.
func testRecords(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ctx, century := t.Context(), T0.AddDate(100, 0, 0)
	talk := w.Start("Vera", "")
	made, watch := w.ring(talk)
	made.Recorded = true
	c, err := s.CreateCall(ctx, made, watch)
	must(t, err)
	equal(t, "recorded", c.Recorded, true)
	later := w.record(c, actor.Visitor, 900, century)
	first := w.record(c, actor.Agent, 100, century)
	plain, err := w.call(w.Start("Otto", ""))
	must(t, err)
	equal(t, "not recorded", plain.Recorded, false)
	other := w.record(plain, actor.Agent, 0, T0)

	list, err := s.Records(ctx, w.Tenant, []id.Call{c.ID})
	must(t, err)
	equal(t, "records", len(list), 2)
	equal(t, "first", list[0], first)
	equal(t, "second", list[1], later)
	list, err = s.Records(ctx, "other", []id.Call{c.ID})
	must(t, err)
	equal(t, "of another company", len(list), 0)

	boss := audit.By{Kind: actor.Agent, ID: "boss", Name: "Boss", At: T0}
	due := func(at time.Time) (files []string) {
		jobs, err := s.Claim(ctx, []string{calls.JobForget}, 10, at, at.Add(time.Hour))
		must(t, err)
		for _, j := range jobs {
			files = append(files, j.Payload)
			must(t, s.Finish(ctx, j.ID))
		}
		return files
	}
	equal(t, "due now", strings.Join(due(T0), " "), `{"c":"`+string(plain.ID)+`","f":"`+string(other.File)+`"}`)
	must(t, s.DropRecord(ctx, "other", c.ID, first.File, boss))
	must(t, s.DropRecord(ctx, w.Tenant, c.ID, first.File, boss))
	must(t, s.DropRecord(ctx, w.Tenant, c.ID, first.File, boss))
	noted, _, err := s.Audit(ctx, w.Tenant, audit.Filter{Thing: "recording", Limit: 9})
	must(t, err)
	equal(t, "noted once", spaced(len(noted), noted[0].Action, noted[0].ThingID == string(c.ID), noted[0].ByName), "1 delete true Boss")
	must(t, s.NoteWatched(ctx, w.Tenant, c, boss))
	noted, _, err = s.Audit(ctx, w.Tenant, audit.Filter{Thing: "recording", Limit: 9})
	must(t, err)
	equal(t, "noted who watched", spaced(len(noted), noted[0].Action, noted[0].ThingID == string(c.ID)), "2 read true")
	list, err = s.Records(ctx, w.Tenant, []id.Call{c.ID, plain.ID})
	must(t, err)
	equal(t, "left", len(list), 2)

	// With their conversation they are deleted soon, whatever was planned.
	closed := w.Close(talk).Conversation
	must(t, s.DeleteConversation(ctx, w.Tenant, closed.ID))
	equal(t, "due after the end", strings.Join(due(time.Now().Add(time.Hour)), " "), `{"c":"`+string(c.ID)+`","f":"`+string(later.File)+`"}`)
	list, err = s.Records(ctx, w.Tenant, []id.Call{c.ID})
	must(t, err)
	equal(t, "rows wait for the files", len(list), 1)
	equal(t, "planned", len(due(century)), 2)
}
