package sms

import (
	"net/http"
	"strings"
	"testing"

	"parlor/internal/errs"
	"parlor/internal/setting"
)

func TestTwilioSignsAddressAndParameters(t *testing.T) {
	t.Parallel()
	// The example of the provider's documentation.
	c := setting.Company{Options: map[string]any{"SMS_Twilio_authToken": "12345"}}
	q := Request{Header: http.Header{"X-Twilio-Signature": {"RSOYDt4T1cUTdK1PDd93/VVr8B8="}}, URL: "https://mycompany.com/myapp.php?foo=1&bar=2",
		Body: map[string]any{"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309", "To": "+18005551212"}}
	if !(twilio{}).genuine(c, q) {
		t.Fatal("the documented signature is refused")
	}
	q.Body["Digits"] = "1235"
	if (twilio{}).genuine(c, q) {
		t.Fatal("another parameter is taken")
	}
	q.Body["Digits"] = "1234"
	if (twilio{}).genuine(setting.Company{}, q) {
		t.Fatal("a call is genuine without a key")
	}
	q.Header.Set("X-Twilio-Signature", "%")
	if (twilio{}).genuine(c, q) {
		t.Fatal("nonsense is a signature")
	}
}

func TestProvidersReadWhatTheyBring(t *testing.T) {
	t.Parallel()
	in, err := twilio{}.read(Request{Body: map[string]any{"From": " +1 ", "To": "+2", "Body": "x", "MessageSid": "m", "NumMedia": "99", "MediaUrl0": "https://a/b", "MediaContentType0": "image/png",
		"FromCity": "Sao", "Latitude": 1.5, "Longitude": "-2"}})
	if err != nil || in.From != "+1" || in.ID != "m" || len(in.Media) != 1 || in.Media[0].Type != "image/png" || in.Place["city"] != "Sao" || in.Latitude != "1.5" {
		t.Fatalf("%+v %v", in, err)
	}
	if got := position(in); got != "https://www.openstreetmap.org/?mlat=1.5&mlon=-2" {
		t.Fatal(got)
	}
	in, err = voxtelesys{}.read(Request{Body: map[string]any{"from": "1", "to": "2", "body": "", "media": []any{"https://a/b.png?x=1", 7, "%"}}})
	if err != nil || len(in.Media) != 1 || in.Media[0].Type != "image/png" {
		t.Fatalf("%+v %v", in, err)
	}
	for name, body := range map[string]map[string]any{"nothing": nil, "no number": {"from": "", "to": "2", "content": "x"}, "a list": {"from": []any{"1"}, "to": "2", "content": "x"},
		"long": {"from": strings.Repeat("1", 41), "to": "2", "content": "x"}, "a tag": {"from": "<b>", "to": "2", "content": "x"}, "no text": {"from": "1", "to": "2"},
		"bad text": {"from": "1", "to": "2", "content": "\xff"}} {
		if _, err := (mobex{}).read(Request{Body: body}); errs.ReasonOf(err) != "bad_message" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := position(Incoming{Latitude: "91", Longitude: "0"}) + position(Incoming{Latitude: "NaN", Longitude: "x"}); got != "" {
		t.Error(got)
	}
}

func TestFilesGoAlongIfTheyAreListed(t *testing.T) {
	t.Parallel()
	var c setting.Company
	for kind, want := range map[string]bool{"image/png": true, "application/pdf": true, "application/zip": false, "": false} {
		if got := (twilio{}).takes(c, kind, 1); got != want {
			t.Errorf("%q: %v", kind, got)
		}
	}
	if (twilio{}).takes(c, "image/png", maxFile+1) || (mobex{}).takes(c, "image/png", 1) {
		t.Error("too large, or not served")
	}
}

func TestOnlyThePasswordsOwnerIsToldThePassword(t *testing.T) {
	t.Parallel()
	c := setting.Company{Options: map[string]any{"SMS_Twilio_Account_SID": "a", "SMS_Twilio_authToken": "b"}}
	for address, want := range map[string]bool{"https://api.twilio.com/x": true, "http://api.twilio.com/x": false, "https://evil.example/api.twilio.com": false} {
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		(twilio{}).owns(c, q)
		if _, _, ok := q.BasicAuth(); ok != want {
			t.Errorf("%s: %v", address, ok)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("+1", "+2", "text", "3", "https://a/b")
	f.Fuzz(func(t *testing.T, from, to, text, n, media string) {
		body := map[string]any{"From": from, "To": to, "Body": text, "NumMedia": n, "MediaUrl0": media, "from": from, "to": to, "body": text, "content": text, "media": []any{media, n},
			"Latitude": n, "Longitude": from}
		for name, p := range providers {
			in, err := p.read(Request{Body: body})
			if err == nil && (!isNumber(in.From) || len(in.Media) > maxMedia) {
				t.Errorf("%s took %+v", name, in)
			}
			position(in)
		}
	})
}
