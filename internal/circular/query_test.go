package circular

import (
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/errs"
)

func TestQueriesChooseReaders(t *testing.T) {
	t.Parallel()
	a := account.Agent{ID: "1", Username: "ana", Name: "Ana B", Email: "ana@shop.test", Role: account.Member, Also: []account.Role{account.Admin}}
	for query, want := range map[string]bool{"": true, " ": true, `{}`: true, `{"username":"ana"}`: true, `{"username":"bob"}`: false, `{"roles":"livechat-agent"}`: true,
		`{"roles":{"$in":["admin","x"]}}`: true, `{"roles":{"$nin":["admin"]}}`: false, `{"active":true}`: true, `{"active":{"$ne":true}}`: false,
		`{"$or":[{"name":"x"},{"emails.address":{"$regex":"@shop"}}]}`: true, `{"$and":[{"_id":"1"},{"name":"x"}]}`: false, `{"email":{"$exists":false}}`: false,
		`{"username":{"$eq":"ana","$ne":"ana"}}`: false} {
		test, err := readQuery(query)
		if err != nil || test(a) != want {
			t.Errorf("%s: %v", query, err)
		}
	}
	for _, query := range []string{`{`, `[]`, `7`, `{"password":"x"}`, `{"name":["x"]}`, `{"name":{"$where":"1"}}`, `{"name":{"$regex":"("}}`, `{"$or":[]}`, `{"$or":["x"]}`,
		`{"roles":{"$in":[["x"]]}}`, `{"name":{"$eq":{}}}`, strings.Repeat(`{"$and":[`, 9) + `{}` + strings.Repeat(`]}`, 9), strings.Repeat(" ", maxQuery) + "{}"} {
		if _, err := readQuery(query); errs.ReasonOf(err) != "bad_query" {
			t.Errorf("%.40s: %v", query, err)
		}
	}
}

func FuzzQuery(f *testing.F) {
	f.Add(`{"$or":[{"name":{"$regex":"a"}},{"roles":{"$in":["admin",1,null]}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if test, err := readQuery(text); err == nil {
			test(account.Agent{Name: text})
		}
	})
}

func TestABodyIsFilledWithTextOnly(t *testing.T) {
	t.Parallel()
	got := fill("[name] [fname] [lname] [email] [unsubscribe] [other]", account.Agent{Name: "<b>A</b> [email]", Email: "a@b"}, "https://x/?a&b")
	if want := "&lt;b&gt;A&lt;/b&gt; [email] &lt;b&gt;A&lt;/b&gt; [email] a@b https://x/?a&amp;b [other]"; got != want {
		t.Fatal(got)
	}
}
