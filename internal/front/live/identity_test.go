package live_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/id"
	"parlor/internal/identity"
	"parlor/internal/server/servertest"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"parlor/internal/visitor"
)

// gate is a server with an administrator and an inbox that has a key.
type gate struct {
	*servertest.Instance
	t      *testing.T
	root   string
	boss   actor.Actor
	secret string
}

func newGate(t *testing.T, s *servertest.Instance) *gate {
	t.Helper()
	a := s.Agent("root@example.com", account.Admin)
	g := &gate{Instance: s, t: t, root: s.Token("root@example.com"), boss: actor.Actor{Kind: actor.Agent, Tenant: account.MainTenant, Agent: a.ID, Name: a.Name, Permissions: actor.Permissions()}}
	_, g.secret = g.key(account.MainInbox)
	return g
}

func (g *gate) key(in id.Inbox) (name, secret string) {
	g.t.Helper()
	k, secret, err := g.Identities().AddKey(g.t.Context(), g.boss, in)
	if err != nil {
		g.t.Fatal(err)
	}
	return k.ID, secret
}

// rest calls as the administrator.
func (g *gate) rest(method, path, body string) (int, string) {
	g.t.Helper()
	code, text, _ := g.Call(method, "/api/parlor/v1"+path, body, "Authorization", "Bearer "+g.root, "Content-Type", "application/json")
	return code, text
}

func token(secret, subject, name string) string {
	return identity.Sign(secret, identity.Claims{Subject: subject, Name: name, Expires: time.Now().Add(time.Hour)})
}

// session is what a page is told.
type session struct {
	Token   string
	Reason  string
	Visitor struct{ ID, Name string }
	// Conversation is the running one.
	Conversation struct{ Conversation string }
}

// arrive opens a page of an inbox.
func (g *gate) arrive(inbox, token, identity string) (int, session) {
	g.t.Helper()
	code, text, _ := g.Call("POST", "/api/parlor/v1/visitor/session", fmt.Sprintf(`{"inbox":%q,"token":%q,"identity":%q}`, inbox, token, identity), "Content-Type", "application/json")
	var out session
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		g.t.Fatal(text, err)
	}
	return code, out
}

func (g *gate) in(inbox, token, identity string) session {
	g.t.Helper()
	code, s := g.arrive(inbox, token, identity)
	if code != 200 || s.Token == "" {
		g.t.Fatal(code, s)
	}
	return s
}

// begin starts a conversation of a page with a message.
func (g *gate) begin(s session, text string) id.Conversation {
	g.t.Helper()
	k := connect(g.t, g.Instance, "/parlor/visitor", s.Token)
	k.call("start", `{}`)
	got := k.call("post", fmt.Sprintf(`{"kind":"text","text":%q,"clientId":"c"}`, text))
	k.has(got, text)
	return id.Conversation(field(g.t, got, "conversation"))
}

// read returns what a page may read.
func (g *gate) read(s session, query string) string {
	g.t.Helper()
	code, text, _ := g.Call("GET", "/api/parlor/v1/visitor/messages"+query, "", "Authorization", "Bearer "+s.Token)
	if code != 200 {
		return fmt.Sprint(code)
	}
	return text
}

// TestOnePersonInEveryBrowser: two browsers, one person; what was said before signing
// in comes along; a page without a token sees nothing of it.
func TestOnePersonInEveryBrowser(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		g := newGate(t, s)
		stranger := g.in("main", "", "")
		c := g.begin(stranger, "said as a stranger")
		if _, err := g.Identities().Visitors.Update(t.Context(), actor.Actor{Kind: actor.Visitor, Tenant: account.MainTenant, Visitor: id.Visitor(stranger.Visitor.ID)},
			id.Visitor(stranger.Visitor.ID), visitor.Details{Email: &[]string{"mine@x.example"}[0], Phone: &[]string{"+49 30"}[0]}); err != nil {
			t.Fatal(err)
		}
		ann := g.in("main", stranger.Token, identity.Sign(g.secret, identity.Claims{Subject: "u1", Name: "Ann", Email: "ann@x.example", Expires: time.Now().Add(time.Hour)}))
		if ann.Visitor.ID == stranger.Visitor.ID || ann.Visitor.Name != "Ann" || ann.Conversation.Conversation != string(c) {
			t.Fatalf("%+v", ann)
		}
		if got := g.read(ann, ""); !strings.Contains(got, "said as a stranger") {
			t.Error(got)
		}
		if got := g.read(stranger, "?conversation="+string(c)); strings.Contains(got, "said as") {
			t.Error("the browser of before still reads it:", got)
		}
		if _, got := g.rest("GET", "/visitors/"+ann.Visitor.ID, ""); !strings.Contains(got, `"email":"ann@x.example","phone":"+49 30"`) || !strings.Contains(got, `"verified":true`) || !strings.Contains(got, `"external":"u1"`) {
			t.Error("what the company and the visitor said:", got)
		}
		other := g.in("main", "", token(g.secret, "u1", "Ann"))
		if other.Visitor.ID != ann.Visitor.ID || !strings.Contains(g.read(other, ""), "said as a stranger") {
			t.Errorf("another browser: %+v", other)
		}
		// A person who has a conversation keeps it; that of the browser stays where it is.
		second := g.in("main", "", "")
		left := g.begin(second, "said by somebody else")
		if got := g.in("main", second.Token, token(g.secret, "u1", "Ann")); got.Conversation.Conversation != string(c) {
			t.Errorf("%+v", got)
		}
		if got := g.read(second, "?conversation="+string(left)); !strings.Contains(got, "said by somebody else") {
			t.Error(got)
		}
		// Logging out, and another person in the same browser.
		for name, identity := range map[string]string{"logged out": "", "another person": token(g.secret, "u2", "Bo")} {
			if got := g.in("main", ann.Token, identity); got.Visitor.ID == ann.Visitor.ID || got.Visitor.ID == stranger.Visitor.ID || got.Conversation.Conversation != "" || strings.Contains(g.read(got, "?conversation="+string(c)), "said as") {
				t.Errorf("%s: %+v", name, got)
			}
		}
	})
}

// TestForeignIdentitiesLetNobodyIn is threats 12 and 13 for visitors: replay in another
// inbox, a key that has ended, an expired one, somebody else's browser.
func TestForeignIdentitiesLetNobodyIn(t *testing.T) {
	t.Parallel()
	g := newGate(t, servertest.Start(t, nil))
	_, text := g.rest("POST", "/admin/inboxes", `{"name":"Second shop"}`)
	var second struct{ ID id.Inbox }
	if err := json.Unmarshal([]byte(text), &second); err != nil || second.ID == "" {
		t.Fatal(text, err)
	}
	other, otherSecret := g.key(second.ID)
	good := token(g.secret, "u1", "Ann")
	ann := g.in("main", "", good)
	if twin := g.in(string(second.ID), "", token(otherSecret, "u1", "Ann")); twin.Visitor.ID == ann.Visitor.ID {
		t.Error("one visitor in two inboxes")
	}
	expired := identity.Sign(g.secret, identity.Claims{Subject: "u1", Expires: time.Now().Add(-time.Second)})
	for name, c := range map[string][3]string{
		"another inbox":    {string(second.ID), good, "identity_invalid"},
		"its key here":     {"main", token(otherSecret, "u1", ""), "identity_invalid"},
		"for another":      {"main", identity.Sign(g.secret, identity.Claims{Subject: "u1", Audience: []string{string(second.ID)}, Expires: time.Now().Add(time.Hour)}), "identity_invalid"},
		"expired":          {"main", expired, "identity_expired"},
		"garbage":          {"main", "x.y.z", "identity_invalid"},
		"a visitor token":  {"main", ann.Token, "identity_invalid"},
		"too long":         {"main", strings.Repeat("x", 10_000), "identity_invalid"},
		"unsigned":         {"main", good[:strings.LastIndexByte(good, '.')+1], "identity_invalid"},
		"no key any more":  {string(second.ID), "", ""},
		"identity as name": {"main", token("u1", "u1", ""), "identity_invalid"},
	} {
		if c[1] == "" {
			continue
		}
		// The token of the person does not help.
		if code, got := g.arrive(c[0], ann.Token, c[1]); code != 401 || got.Reason != c[2] || got.Token != "" {
			t.Errorf("%s: %d %+v", name, code, got)
		}
	}
	if code, _ := g.rest("DELETE", "/admin/inboxes/"+string(second.ID)+"/identity-keys/"+other, ""); code != 204 && code != 200 {
		t.Error(code)
	}
	if code, got := g.arrive(string(second.ID), "", token(otherSecret, "u1", "Ann")); code != 401 || got.Reason != "identity_invalid" {
		t.Errorf("a key that has ended: %d %+v", code, got)
	}
	// The visitor token ends with the identity, and cannot be made longer.
	short := g.in("main", "", identity.Sign(g.secret, identity.Claims{Subject: "u9", Expires: time.Now().Add(2 * time.Second)}))
	at := strings.LastIndexByte(short.Token, ':')
	if got := g.read(session{Token: short.Token[:at] + ":zzzzzzz" + short.Token[strings.LastIndexByte(short.Token, '.'):]}, ""); got != "401" {
		t.Error("a longer life was believed:", got)
	}
	if got := g.read(session{Token: short.Token[:at] + short.Token[strings.LastIndexByte(short.Token, '.'):]}, ""); got != "401" {
		t.Error("no end was believed:", got)
	}
}

// TestInboxWantsIdentities: who is nobody in particular is told to log in, on every way in.
func TestInboxWantsIdentities(t *testing.T) {
	t.Parallel()
	g := newGate(t, servertest.Start(t, nil))
	before := g.in("main", "", "")
	in, err := g.Accounts().Inbox(t.Context(), account.MainInbox)
	if err != nil {
		t.Fatal(err)
	}
	in.Settings.IdentityRequired = true
	if err := g.Accounts().SetInbox(t.Context(), g.boss, in); err != nil {
		t.Fatal(err)
	}
	if code, got := g.arrive("main", before.Token, ""); code != 401 || got.Reason != "identity_required" {
		t.Errorf("%d %+v", code, got)
	}
	k := connect(t, g.Instance, "/parlor/visitor", before.Token)
	k.has(k.call("start", `{}`), "identity_required")
	if _, refused := dial(t, g.Instance, "/parlor/visitor", `{"inbox":"main"}`, nil); !strings.Contains(refused, "identity_required") {
		t.Error(refused)
	}
	if got := g.in("main", "", token(g.secret, "u1", "Ann")); got.Visitor.Name != "Ann" {
		t.Errorf("%+v", got)
	}
	code, text, _ := g.Call("POST", "/api/v1/livechat/visitor", `{"visitor":{"token":"rc-1"}}`, "Content-Type", "application/json")
	if code != 400 || !strings.Contains(text, "error-identity-required") {
		t.Error(code, text)
	}
	code, text, _ = g.Call("POST", "/v1/webimplugin/visitors?tenantId=1", `{}`, "Content-Type", "application/json")
	if code != 401 || !strings.Contains(text, "API_002") || !strings.Contains(text, "log in") {
		t.Error(code, text)
	}
}

// TestKeysAreShownOnce: nothing that is kept, listed, recorded or backed up holds a secret.
func TestKeysAreShownOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	storetest.Migrated(t, dir)
	g := newGate(t, servertest.Start(t, map[string]string{"data": dir}))
	code, text := g.rest("POST", "/admin/inboxes/main/identity-keys", "")
	var made struct{ ID, Secret, Hint, By string }
	if err := json.Unmarshal([]byte(text), &made); err != nil || code != 200 || len(made.Secret) != 43 || !strings.HasSuffix(made.Secret, made.Hint) || made.By != "Root" {
		t.Fatal(code, text)
	}
	if _, got := g.rest("POST", "/admin/inboxes/main/identity-keys", ""); !strings.Contains(got, "too_many_keys") {
		t.Error(got)
	}
	if got := g.in("main", "", token(made.Secret, "u1", "Ann")); got.Visitor.Name != "Ann" {
		t.Errorf("%+v", got)
	}
	_, list := g.rest("GET", "/admin/inboxes/main/identity-keys", "")
	_, log := g.rest("GET", "/admin/audit?thing=identity_key", "")
	if !strings.Contains(list, made.ID) || !strings.Contains(list, made.Hint) || strings.Count(log, `"create"`) != 2 {
		t.Error(list, log)
	}
	var backup bytes.Buffer
	if err := storetest.Open(t, store.Options{Dir: dir, Shared: true}).Backup(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(&backup)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := io.ReadAll(zip)
	if err != nil || !strings.Contains(string(kept), made.ID) {
		t.Fatal("the key is not in the backup", err)
	}
	for _, secret := range []string{made.Secret, g.secret} {
		for where, s := range map[string]string{"list": list, "audit": log, "backup": string(kept)} {
			if strings.Contains(s, secret) {
				t.Error("the secret stands in the", where)
			}
		}
	}
	s := g.Agent("lin@example.com", account.Member)
	bearer := g.Token(s.Email)
	for method, path := range map[string]string{"GET": "", "POST": "", "DELETE": "/" + made.ID} {
		if code, text, _ := g.Call(method, "/api/parlor/v1/admin/inboxes/main/identity-keys"+path, "", "Authorization", "Bearer "+bearer); code != 403 {
			t.Error(method, code, text)
		}
	}
}
