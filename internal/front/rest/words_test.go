package rest_test

import "testing"

// Agents learn the names that lists of ratings and invitations need, and no settings.
func TestNamesForLists(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	got := d.lin.ask(t, 200, "GET", "/inboxes", "", `"id":"main"`)["items"].([]any)[0].(map[string]any)
	if len(got) != 2 {
		t.Fatalf("more than a name: %v", got)
	}
	w := d.lin.ask(t, 200, "GET", "/surveys/words", "")
	if levels := w["levels"].([]any); len(levels) != 5 {
		t.Fatalf("the default levels: %v", levels)
	}
	d.lin.ask(t, 200, "GET", "/invitations?result=accept&inbox=main&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z", "", `"items":[]`)
	d.lin.ask(t, 400, "GET", "/invitations?result=maybe", "")
	d.lin.ask(t, 200, "GET", "/invitations/tally?inbox=main&days=7", "", `"open":0`, `"accepted":0`)
	d.boss.ask(t, 200, "GET", "/surveys?team=none&inbox=main&level=5&from=2026-01-01T00:00:00Z", "", `"items":[]`)
}
