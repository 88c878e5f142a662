package window_test

import (
	"crypto/cipher"
	"crypto/des"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/visitor"
	"parlor/internal/window"
)

var now = time.Date(2026, 5, 2, 8, 0, 0, 0, time.UTC)

// system are the parameters of a conversation in which everything is known.
func system(lang string) map[string]string {
	book := &account.Book{Tenant: account.Tenant{Number: 20080}, Inboxes: map[id.Inbox]account.Inbox{"main": {Name: "Lamp shop"}}}
	c := conversation.Conversation{ID: "s-77", Inbox: "main", Channel: "web", Visitor: "c-5"}
	v := visitor.Visitor{Name: "Mia & Co", Memo: "likes blue?"}
	return window.System(book, c, v, "u_88231", account.Agent{ID: "a-2", Email: "li.na@example.com", Name: "李娜"}, lang)
}

func TestEveryParameter(t *testing.T) {
	t.Parallel()
	want := map[string]string{"easemobId": "kefuchannelimid_main", "visitorImId": "u_88231", "to": "kefuchannelimid_main", "lang": "zh", "ssid": "s-77",
		"agentId": "a-2", "email": "li.na@example.com", "agentName": "李娜", "userId": "c-5", "tenantId": "20080", "nickname": "Mia & Co", "originType": "webim",
		"techChannelName": "Lamp shop", "serviceNumber": "kefuchannelimid_main", "desc": "likes blue?", "trueName": "李娜"}
	names := append(append([]string{}, setting.WindowAlways...), setting.WindowParams...)
	if len(names) != len(want) {
		t.Fatalf("%d names, %d expected", len(names), len(want))
	}
	whole := query(t, window.Address(setting.Window{Address: "https://crm.example.com/o"}, system("zh-CN"), nil, now))
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := whole[name]; len(got) != 1 || got[0] != want[name] {
				t.Errorf("%q instead of %q", got, want[name])
			}
			without := query(t, window.Address(setting.Window{Address: "https://crm.example.com/o", Without: []string{name}}, system("zh-CN"), nil, now))
			if without.Has(name) || len(without) != len(whole)-1 {
				t.Errorf("left out, and yet: %v", without)
			}
		})
	}
	for tag, word := range map[string]string{"zh-CN": "zh", "en": "en", "pt-BR": "pt", "": "en", "fr": "en"} {
		if got := system(tag)["lang"]; got != word {
			t.Errorf("%q is %q, not %q", tag, got, word)
		}
	}
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// bare leaves out all that can be left out.
func bare(address string, change func(*setting.Window)) setting.Window {
	w := setting.Window{Address: address, Without: setting.WindowParams}
	if change != nil {
		change(&w)
	}
	return w
}

func TestAddress(t *testing.T) {
	t.Parallel()
	const four = "easemobId=kefuchannelimid_main&visitorImId=u_88231&to=kefuchannelimid_main&lang=en"
	cases := []struct {
		name   string
		w      setting.Window
		custom map[string]string
		want   string
	}{
		{"NoQuery", bare("https://crm.example.com", nil), nil, "https://crm.example.com?" + four},
		{"Query", bare("https://crm.example.com/o?a=1", nil), nil, "https://crm.example.com/o?a=1&" + four},
		{"QueryThatEnds", bare("https://crm.example.com/o?a=1&", nil), nil, "https://crm.example.com/o?a=1&" + four},
		{"EmptyQuery", bare("https://crm.example.com/o?", nil), nil, "https://crm.example.com/o?" + four},
		{"Fragment", bare("https://crm.example.com/#/order?x=1", nil), nil, "https://crm.example.com/?" + four + "#/order?x=1"},
		{"OwnPath", bare("/demo/crm.html", nil), nil, "/demo/crm.html?" + four},
		{"Custom", bare("https://x.test/", nil), map[string]string{"orderNo": "A 1&b=2", "来源": "购物车"}, "https://x.test/?" + four + "&orderNo=A%201%26b%3D2&%E6%9D%A5%E6%BA%90=%E8%B4%AD%E7%89%A9%E8%BD%A6"},
		{"NoCustom", bare("https://x.test/", func(w *setting.Window) { w.NoCustom = true }), map[string]string{"orderNo": "A"}, "https://x.test/?" + four},
		{"Fixed", bare("https://x.test/", func(w *setting.Window) { w.Fixed = map[string]string{"src": "parlor", "app": "1"} }), map[string]string{"src": "mine"}, "https://x.test/?" + four + "&app=1&src=parlor"},
		{"OwnStands", bare("https://x.test/?Token=t&lang=fr", nil), map[string]string{"token": "stolen"},
			"https://x.test/?Token=t&lang=fr&easemobId=kefuchannelimid_main&visitorImId=u_88231&to=kefuchannelimid_main"},
		{"NothingStandsForTheSystem", bare("https://x.test/", nil), map[string]string{"ssid": "other", "AgentID": "boss", "ssid[]": "x", "kefu_ts": "1", "kefu.ts": "1", "kefu_sign": "1", " lang": "x"}, "https://x.test/?" + four},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := window.Address(c.w, system("en"), c.custom, now); got != c.want {
				t.Errorf("\n%s\ninstead of\n%s", got, c.want)
			}
		})
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	// The well-known vector of HMAC-SHA-256.
	if got := window.Sign("key", "The quick brown fox jumps over the lazy dog"); got != "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8" {
		t.Errorf("signature %s", got)
	}
	w := bare("https://x.test/?a=1#f", func(w *setting.Window) { w.Sign, w.Key = setting.SignHMAC, "0123456789abcdef" })
	got := window.Address(w, system("en"), map[string]string{"orderNo": "A-1"}, now)
	rest, fragment, _ := strings.Cut(got, "#")
	_, q, _ := strings.Cut(rest, "?")
	signed, sign, ok := strings.Cut(q, "&kefu_sign=")
	if !ok || fragment != "f" || sign != window.Sign(w.Key, signed) || !strings.HasSuffix(signed, "&orderNo=A-1&kefu_ts=1777708800") {
		t.Errorf("address %s", got)
	}
	if sign == window.Sign(w.Key, strings.Replace(signed, "A-1", "A-2", 1)) {
		t.Error("a changed parameter has the same signature")
	}
}

func TestDES(t *testing.T) {
	t.Parallel()
	// FIPS 81: key and first two blocks of the example of ECB.
	key, text := "\x01\x23\x45\x67\x89\xab\xcd\xef", "Now is the time "
	raw, err := base64.StdEncoding.DecodeString(window.Encrypt(key, text))
	if err != nil || len(raw) != 24 {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	if got := hex.EncodeToString(raw[:16]); got != "3fa40e8a984d48156a271787ab8883f9" {
		t.Errorf("blocks %s", got)
	}
	for _, v := range []string{"", "a", "1234567", "12345678", "123456789", "订单 A-1009"} {
		if got := decrypt(t, "11111111", window.Encrypt("", v)); got != v {
			t.Errorf("%q came back as %q", v, got)
		}
	}
	if window.Encrypt("short", "x") != "" {
		t.Error("a key of five bytes was taken")
	}
}

// decrypt is how a page reads a value.
func decrypt(t *testing.T, key, value string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	var block cipher.Block
	if block, err = des.NewCipher([]byte(key)); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(raw); at += 8 {
		block.Decrypt(raw[at:], raw[at:])
	}
	return string(raw[:len(raw)-int(raw[len(raw)-1])])
}

func TestEncryptedAddress(t *testing.T) {
	t.Parallel()
	custom := map[string]string{"orderNo": "A-1009"}
	some := query(t, window.Address(bare("https://x.test/", func(w *setting.Window) { w.Sign = setting.SignDES }), system("en"), custom, now))
	if some.Get("lang") != "en" || decrypt(t, "11111111", some.Get("orderNo")) != "A-1009" {
		t.Errorf("query %v", some)
	}
	all := query(t, window.Address(bare("https://x.test/", func(w *setting.Window) { w.Sign, w.EncryptAll, w.Key = setting.SignDES, true, "abcdefgh" }), system("en"), custom, now))
	if decrypt(t, "abcdefgh", all.Get("lang")) != "en" || decrypt(t, "abcdefgh", all.Get("orderNo")) != "A-1009" {
		t.Errorf("query %v", all)
	}
}

func TestAddressHasABound(t *testing.T) {
	t.Parallel()
	custom := map[string]string{"z": "small"}
	for _, c := range "abcdefgh" {
		custom[string(c)] = strings.Repeat("单", 400)
	}
	w := bare("https://x.test/", func(w *setting.Window) { w.Sign, w.Key = setting.SignHMAC, "0123456789abcdef" })
	got := window.Address(w, system("en"), custom, now)
	q := query(t, got)
	if len(got) > window.MaxAddress || !q.Has("a") || !q.Has("z") || q.Has("h") || !q.Has("kefu_sign") {
		t.Errorf("%d bytes, %d parameters", len(got), len(q))
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("https://crm.example.com/o?a=1#x", "orderNo", "A-1")
	f.Add("/demo/crm.html?", "ssid[]", "\x00&kefu_sign=1")
	f.Fuzz(func(t *testing.T, address, name, value string) {
		w := setting.Window{ID: "w", Name: "w", Address: address, Sign: setting.SignHMAC, Key: "0123456789abcdef"}
		if (setting.Windows{Pages: []setting.Window{w}}).Check() != nil {
			return
		}
		got := window.Address(w, system("en"), map[string]string{name: value}, now)
		u, err := url.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		was, err := url.Parse(address)
		if err != nil || u.Host != was.Host || u.Scheme != was.Scheme || u.Path != was.Path {
			t.Fatalf("%q leads elsewhere than %q", got, address)
		}
		signed, sign, _ := strings.Cut(u.RawQuery, "&kefu_sign=")
		if sign != window.Sign(w.Key, signed) {
			t.Fatalf("%q is not signed", got)
		}
	})
}
