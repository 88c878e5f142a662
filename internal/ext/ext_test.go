package ext_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"parlor/internal/errs"
	"parlor/internal/ext"
)

func parse(t *testing.T, raw string) ext.Ext {
	t.Helper()
	e, err := ext.Parse([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestWishesFlagsAndProfilesAreRead(t *testing.T) {
	t.Parallel()
	e := parse(t, ` {"weichat": {" businessFlag ": " lead-1 ", "routingRuleFlag":"vip","agentUsername":"li.na@example.com","queueName":" SAC ","language":"zh-CN",
		"msg_id_for_ack":"c-1","interactiveFlag":"order-detail","visitor":{"userNickname":"Mia\u202e","trueName":"M","phone":13800,"qq":null,"tags":["a","a",1,{}],"email":["x"]},
		"ctrlType":"enquiry","ctrlArgs":{"summary":"5"}}, "file_length": 3}`)
	if want := (ext.Wish{BusinessFlag: "lead-1", RoutingFlag: "vip", Agent: "li.na@example.com", Team: "SAC"}); e.Wish != want {
		t.Errorf("%+v", e.Wish)
	}
	if e.Language != "zh-CN" || e.Key != "c-1" || e.Flag != "order-detail" || e.Control != "enquiry" || string(e.Args) != `{"summary":"5"}` {
		t.Errorf("%+v", e)
	}
	if got := fmt.Sprintf("%+v", *e.Visitor); got != "{Nickname:Mia Name:M QQ: Phone:13800 Company: Description: Email: Tags:[a 1]}" {
		t.Error(got)
	}
	if strings.ContainsAny(string(e.Raw), "\n\t") || e.Card != nil || e.Params != nil {
		t.Errorf("%+v", e)
	}
}

// TestFlagIsFoundInItsPlaces: the message's own place comes first.
func TestFlagIsFoundInItsPlaces(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"weichat":{"interactiveFlag":"a"},"interactiveFlag":"b"}`:                              "a",
		`{"interactiveFlag":" b ","msgtype":{"order":{"interactiveFlag":"c"}}}`:                  "b",
		`{"msgtype":{"order":{"interactiveFlag":"c"},"track":{"interactiveFlag":"d"}}}`:          "c",
		`{"msgtype":{"track":{"interactiveFlag":"d"}}}`:                                          "d",
		`{"weichat":{"interactiveFlag":["x"]}}`:                                                  "",
		`{"weichat":"none","msgtype":7}`:                                                         "",
		`{"interactiveFlag":"` + strings.Repeat("旗", 70) + `"}`:                                  strings.Repeat("旗", 64),
		`{"weichat":{" interactiveFlag":"blank","interactiveFlag":"exact"},"cmd":{"x":[1,2,3]}}`: "exact",
	} {
		if got := parse(t, raw).Flag; got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

func TestParametersAreRead(t *testing.T) {
	t.Parallel()
	e := parse(t, `{"cmd":{"updateVisitorInfoSrc":{"params":{"orderNo":"A-1009","n":7,"on":true,"list":[1, 2],"no":null,"":"x"}}}}`)
	if got := fmt.Sprint(e.Params); got != "map[list:[1,2] n:7 on:true orderNo:A-1009]" {
		t.Error(got)
	}
	many := map[string]string{}
	for i := range 60 {
		many[fmt.Sprintf("p%02d", i)] = "v"
	}
	b, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	if e = parse(t, `{"cmd":{"updateVisitorInfoSrc":{"params":`+string(b)+`}}}`); len(e.Params) != ext.MaxParams {
		t.Error(len(e.Params))
	}
}

func TestCardsAreRead(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"order":{"title":"About my order","order_title":"Order A-1009","order_id":"A-1009","price":"CNY 199.00","desc":"Kettle","img_url":"//cdn.example.com/k.jpg","item_url":"https://shop.example.com/o/A-1009"}}`: "order: About my order\nOrder A-1009 · CNY 199.00\nKettle\nhttps://shop.example.com/o/A-1009",
		`{"track":{"title":"This one?","price":5,"item_url":"javascript:alert(1)","img_url":"data:x"}}`:                                                                                                                 "track: This one?\n5",
		`{"articles":[{"title":"One","description":"d","url":"https://a.test/1"},{"description":"no title"},{"title":"Two"}]}`:                                                                                          "articles: One · d\nhttps://a.test/1\nTwo",
		`{"choice":{"title":"Which?","items":[{"id":1,"name":"This"},{"id":"b","name":"That"}]}}`:                                                                                                                       "menu: Which?\nThis\nThat",
		`{"choice":{"menuid":"7"}}`:                                                 "",
		`{"html":{"url":"/form/1","topic":"Claim","desc":"Fill in"}}`:               "form: Claim\nFill in\n/form/1",
		`{"customMagicEmoji":{"url":"https://a.test/s.gif"}}`:                       "sticker: https://a.test/s.gif",
		`{"miniprogrampage":{"title":"Shop","pagePath":"pages/x","thumbUrl":"x:"}}`: "program: Shop\npages/x",
		`{"loc":{"addr":"1 Harbour Rd","lat":39.9,"lng":116.4}}`:                    "place: 1 Harbour Rd\n39.9, 116.4",
		`{"loc":{"lat":99,"lng":"x"}}`:                                              "place: ",
		`{"order":[]}`:                                                              "",
	} {
		got := ""
		if c := parse(t, `{"msgtype":`+raw+`}`).Card; c != nil {
			got = c.Kind + ": " + c.Words()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

func TestWhatIsNoObjectIsRefused(t *testing.T) {
	t.Parallel()
	for raw, reason := range map[string]string{"": "bad_ext", "[]": "bad_ext", "{": "bad_ext", "{}x": "bad_ext", `{"a":"` + "\xff" + `"}`: "bad_ext",
		`{"a":"` + strings.Repeat("x", ext.MaxBytes) + `"}`: "ext_too_long"} {
		if _, err := ext.Parse([]byte(raw)); errs.ReasonOf(err) != reason || errs.CodeOf(err) != errs.Invalid {
			t.Errorf("%.20q: %v", raw, err)
		}
	}
}

func TestOnlyAddressesOfPagesAreLinks(t *testing.T) {
	t.Parallel()
	for s, ok := range map[string]bool{"https://a.test/x?y=1": true, "//a.test/x": true, "/files/1": true, "javascript:alert(1)": false, "JaVaScRiPt:x": false,
		"data:text/html,x": false, "a.test": false, "https:///x": false, "/\\evil.test": false, "https://a.test/\"><script>": false, "": false} {
		if got := ext.Link(s) == s && s != ""; got != ok {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"weichat":{" businessFlag ":"x","visitor":{"tags":["a"]}},"msgtype":{"order":{"title":"t","img_url":"//x"},"articles":[{"title":"a"}]},"cmd":{"updateVisitorInfoSrc":{"params":{"a":[1]}}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := ext.Parse(raw)
		if err != nil {
			return
		}
		if !json.Valid(e.Raw) || len(e.Raw) > ext.MaxBytes || utf8.RuneCountInString(e.Flag) > ext.MaxFlag || len(e.Params) > ext.MaxParams {
			t.Fatalf("%+v", e)
		}
		again, err := ext.Parse(e.Raw)
		if err != nil || again.Flag != e.Flag || again.Wish != e.Wish {
			t.Fatalf("%+v is not %+v", again, e)
		}
		if c := e.Card; c != nil && (c.Link != ext.Link(c.Link) || !utf8.ValidString(c.Words())) {
			t.Fatalf("%+v", c)
		}
	})
}
