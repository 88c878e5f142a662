package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettingsAreExportedPlannedAndApplied(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.ok("", "team", "add", "--name", "售前")
	sheet := b.ok("", "settings", "export")
	for _, want := range []string{"version: 1", "id: main", "name: 售前"} {
		if !strings.Contains(sheet, want) {
			t.Fatalf("%q is missing in\n%s", want, sheet)
		}
	}
	file := filepath.Join(t.TempDir(), "settings.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(sheet)
	if out := b.ok("", "settings", "plan", file); out != "nothing to change\n" {
		t.Fatalf("plan of an export: %s", out)
	}
	write(`version: 1
company: {name: main, settings: {timers: {queue: 600}}}
teams:
- {name: 售后, settings: {parent: 售前, routing: {overflow: [{team: 售前, after: 60}]}}}
roles:
- {name: 观察员, permissions: [conversation.see_all]}
inboxes:
- {id: main, name: 商城, settings: {color: "#112233", team: 售后}}
`)
	plan := b.ok("", "settings", "plan", file)
	for _, want := range []string{`~ company "main"`, "+ settings.timers.queue: 600", `+ team "售后"`, `+ role "观察员"`, `~ inbox "main"`, `~ name: "main" -> "商城"`} {
		if !strings.Contains(plan, want) {
			t.Errorf("%q is missing in\n%s", want, plan)
		}
	}
	if out := b.ok("", "settings", "apply", file); out != plan {
		t.Fatalf("apply did something else than the plan said:\n%s", out)
	}
	if out := b.ok("", "settings", "apply", file); out != "nothing to change\n" {
		t.Fatalf("applied twice: %s", out)
	}
	if again := b.ok("", "settings", "export"); !strings.Contains(again, "parent: 售前") || !strings.Contains(again, "color: \"#112233\"") {
		t.Fatalf("after applying:\n%s", again)
	}
}

func TestAWrongSheetChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	before := b.ok("", "settings", "export")
	file := filepath.Join(t.TempDir(), "settings.yaml")
	for text, want := range map[string]string{
		"[1": "not YAML",
		"version: 2\ncompany: {name: a, settings: {}}":                                                 "version",
		"version: 1\ncompany: {name: a, settings: {}}\ncolour: red":                                    "colour",
		"version: 1\ncompany: {name: a, settings: {timers: {queue: -1}}}":                              "timers.queue",
		"version: 1\ncompany: {name: a, settings: {}}\nteams: [{name: x, settings: {parent: nobody}}]": "nobody",
		"version: 1\ncompany: {name: a, settings: {}}\ninboxes: [{id: zz, name: x, settings: {}}]":     "zz",
		"version: 1\ncompany: {name: a, settings: {}}\nroles: [{name: x, permissions: [fly]}]":         "fly",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, errs := b.run("", "settings", "apply", file)
		if code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%q: exit %d, %s", text, code, errs)
		}
	}
	if code, _, errs := b.run("", "settings", "apply", filepath.Join(t.TempDir(), "none")); code != exitUsage || !strings.Contains(errs, "cannot be read") {
		t.Errorf("no file: exit %d, %s", code, errs)
	}
	if after := b.ok("", "settings", "export"); after != before {
		t.Fatalf("something changed:\n%s", after)
	}
}

func TestTenantAdd(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	if out := b.ok("a good password\n", "tenant", "add", "--id", "acme", "--name", "Acme", "--email", "ann@acme.example", "--admin", "Ann"); out != "tenantId=2\n" {
		t.Fatalf("%q", out)
	}
	if out := b.ok("", "settings", "export", "--tenant", "acme"); !strings.Contains(out, "name: Acme") {
		t.Fatalf("%s", out)
	}
	code, _, errs := b.run("short\n", "tenant", "add", "--id", "b", "--name", "B", "--email", "b@b.example", "--admin", "B")
	if code != exitUsage || !strings.Contains(errs, "password") {
		t.Fatalf("exit %d, %s", code, errs)
	}
	if code, _, _ := b.run("", "settings", "export", "--tenant", "b"); code == exitOK {
		t.Fatal("a company without an administrator was left behind")
	}
}
