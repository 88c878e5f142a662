package storetest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/binding"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/job"
	"parlor/internal/store"
)

// backup returns a backup of s.
func backup(t testing.TB, s *store.Store) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, s.Backup(t.Context(), &b))
	return b.Bytes()
}

// backupLines returns the lines of a backup of s.
func backupLines(t testing.TB, s *store.Store) []string {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(backup(t, s)))
	must(t, err)
	text, err := io.ReadAll(zip)
	must(t, err)
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// Fill adds a little of everything.
func Fill(w *World) {
	t := w.T
	team := w.Team("help 帮助")
	ann := w.Ready("ann", 5, team)
	for i := range 150 {
		c := w.Start(fmt.Sprint("v", i), team)
		for n := range 3 {
			in := w.Say(c, fmt.Sprintf("第%d条 message <b>&\"\\ \U0001F600 %d", n, i))
			in.Message.ClientID = fmt.Sprint(n)
			w.Append(in)
		}
		if i%40 == 0 {
			w.Close(w.Assign(c, ann).Conversation)
		}
	}
	c, _, err := w.S.CreateCanvas(t.Context(), w.picture(w.Start("draws", team)))
	must(t, err)
	_, _, _, err = w.S.AddMark(t.Context(), mark(c, "ann", "m1"))
	must(t, err)
	called, err := w.call(w.Start("calls", team))
	must(t, err)
	w.record(called, actor.Visitor, 12, T0.Add(time.Hour))
	w.bind("lead", "Vera 维拉", ann, until(T0.Add(time.Hour)), func(p *binding.Put) {
		p.Once, p.Cause = true, binding.Cause{How: binding.ByRule, Rule: "r", Conversation: "c"}
	})
	must(t, w.S.Enqueue(t.Context(), job.Job{ID: "j1", Tenant: w.Tenant, Kind: "k", Payload: `{"a":1}`, RunAt: T0}))
	_, err = w.S.Secret(t.Context(), "sign", []byte{0, 1, 255})
	must(t, err)
}

// Moves checks that what is backed up from one store is the same in another.
func Moves(t *testing.T, from, to *store.Store) {
	w := NewWorld(t, from, "main")
	Fill(w)
	file := backup(t, from)
	must(t, to.Restore(t.Context(), bytes.NewReader(file)))
	equal(t, "content", dump(t, to), dump(t, from))
	again := *w
	again.S = to
	again.IndexAll()
	hits, _, err := to.Search(t.Context(), conversation.SearchQuery{Tenant: w.Tenant, Scope: conversation.Scope{All: true}, Text: "第2条", Limit: 100})
	must(t, err)
	equal(t, "hits after the index followed", len(hits), 100)
	c := again.Start("later", "")
	again.Append(again.Say(c, "life goes on"))
	again.IndexAll()
	hits, _, err = to.Search(t.Context(), conversation.SearchQuery{Tenant: w.Tenant, Scope: conversation.Scope{All: true}, Text: "life goes", Limit: 9})
	must(t, err)
	equal(t, "hits after the restore", len(hits), 1)
	wantReason(t, to.Restore(t.Context(), bytes.NewReader(file)), errs.Conflict, "not_empty")
}

// testRestoreRefused checks that a broken backup leaves the database empty.
func testRestoreRefused(t *testing.T, s *store.Store) {
	empty := dump(t, s)
	pack := func(lines ...string) []byte {
		var b bytes.Buffer
		zip := gzip.NewWriter(&b)
		_, err := io.WriteString(zip, strings.Join(lines, "\n")+"\n")
		must(t, err)
		must(t, zip.Close())
		return b.Bytes()
	}
	head := backupLines(t, s)[0]
	table := `{"table":"team","columns":["id","tenant","name","created_at"]}`
	for name, x := range map[string]struct {
		file   []byte
		code   errs.Code
		reason string
	}{
		"not gzip":       {[]byte("hello"), errs.Invalid, "bad_backup"},
		"not ours":       {pack(`{"backup":"other"}`), errs.Invalid, "bad_backup"},
		"other schema":   {pack(`{"backup":"parlor","format":1,"schema":9999}`), errs.Conflict, "other_schema"},
		"cut":            {pack(head, table, `["a","b","c",1]`), errs.Invalid, "bad_backup"},
		"rows missing":   {pack(head, table, `["a","b","c",1]`, `{"end":true,"rows":2}`), errs.Invalid, "bad_backup"},
		"odd table":      {pack(head, `{"table":"team; DROP TABLE team","columns":["id"]}`), errs.Invalid, "bad_backup"},
		"odd column":     {pack(head, `{"table":"team","columns":["id) --"]}`), errs.Invalid, "bad_backup"},
		"short row":      {pack(head, table, `["a"]`), errs.Invalid, "bad_backup"},
		"odd value":      {pack(head, table, `["a","b","c",[1]]`), errs.Invalid, "bad_backup"},
		"duplicate row":  {pack(head, table, `["a","b","c",1]`, `["a","b","d",1]`, `{"end":true,"rows":2}`), errs.Conflict, "team_exists"},
		"half a number":  {pack(head, table, `["a","b","c",1.5]`), errs.Invalid, "bad_backup"},
		"row, no table":  {pack(head, `["a"]`), errs.Invalid, "bad_backup"},
		"broken deflate": {pack(head, table)[:40], errs.Invalid, "bad_backup"},
	} {
		t.Run(name, func(t *testing.T) {
			wantReason(t, s.Restore(t.Context(), bytes.NewReader(x.file)), x.code, x.reason)
		})
	}
	equal(t, "content", dump(t, s), empty)
}
