package guest_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

const (
	public  = "https://chat.shop.test"
	ourLine = "+15550001"
	visitor = "+55 11 90000-0001"
)

// carrier is a provider of text messages: it takes what is sent and has a picture.
type carrier struct {
	*httptest.Server
	sent    chan url.Values
	answers chan int
}

func newCarrier(t *testing.T) *carrier {
	c := &carrier{sent: make(chan url.Values, 20), answers: make(chan int, 20)}
	picture := contracttest.Square(t)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/picture") {
			if user, _, ok := r.BasicAuth(); !ok || user != "AC1" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			_, _ = io.Copy(w, bytes.NewReader(picture))
			return
		}
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		status := http.StatusCreated
		select {
		case status = <-c.answers:
		default:
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"code":21610,"message":"the number is not served"}`)
		c.sent <- r.Form
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *carrier) next(t *testing.T) url.Values {
	t.Helper()
	select {
	case v := <-c.sent:
		return v
	case <-time.After(15 * time.Second):
		t.Fatal("nothing was sent")
	}
	return nil
}

// text calls as Twilio does, signed with a key.
func text(c *contracttest.Client, path, key string, form url.Values) contracttest.Answer {
	c.T.Helper()
	m := hmac.New(sha1.New, []byte(key))
	m.Write([]byte(public + "/api/v1/" + path))
	for _, k := range slices.Sorted(maps.Keys(form)) {
		m.Write([]byte(k + form.Get(k)))
	}
	status, body, header := c.S.Call("POST", "/api/v1/"+path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded",
		"X-Twilio-Signature", base64.StdEncoding.EncodeToString(m.Sum(nil)))
	return contracttest.Answer{T: c.T, Status: status, Text: body, Header: header}
}

func incoming(sid, text string, more ...string) url.Values {
	v := url.Values{"From": {visitor}, "To": {ourLine}, "Body": {text}, "MessageSid": {sid}, "FromCountry": {"BR"}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

func taken(a contracttest.Answer) {
	a.T.Helper()
	if a.Status != 200 || a.Text != "<Response></Response>" || a.Header.Get("Content-Type") != "text/xml" {
		a.T.Fatalf("answered %d %q %s", a.Status, a.Header.Get("Content-Type"), a.Text)
	}
}

func TestTextMessagesBecomeConversationsAndAnswersGoOut(t *testing.T) {
	t.Parallel()
	servertest.Each(t, map[string]string{"webhook-private": "allow", "public-url": public}, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		out := newCarrier(t)
		const path = "livechat/sms-incoming/twilio"
		d.C.Call("POST", "livechat/sms-incoming/pigeon", "{}").Want(400, contracttest.Plain("Invalid service"))
		d.C.Call("POST", "livechat/sms-incoming/mobex", "{}").Want(400, contracttest.Plain("Invalid service"))
		d.C.Call("POST", path, "{}").Want(400, contracttest.Plain("error-sms-service-disabled"))
		for id, v := range map[string]string{"SMS_Enabled": "true", "SMS_Twilio_Account_SID": `"AC1"`, "SMS_Twilio_authToken": `"t0p-s3cret"`,
			"SMS_Twilio_URL": fmt.Sprintf("%q", out.URL), "SMS_Default_Omnichannel_Department": `"SAC"`} {
			d.Root.Option(id, v)
		}
		d.Root.Call("GET", "settings/SMS_Twilio_authToken", "").Want(400, `{"success":false}`)
		d.C.Call("POST", path, `{"From":"1","To":"2","Body":"x"}`).Want(400, contracttest.Plain("Invalid request"))
		text(d.C, path, "wrong", incoming("s0", "no")).Want(400, contracttest.Plain("Invalid request"))
		text(d.C, path, "t0p-s3cret", url.Values{"From": {visitor}, "Body": {"no"}}).Want(400, contracttest.Plain("Invalid data"))

		taken(text(d.C, path, "t0p-s3cret", incoming("s1", "Oi <b>", "NumMedia", "1", "MediaUrl0", out.URL+"/picture", "MediaContentType0", "image/png")))
		taken(text(d.C, path, "t0p-s3cret", incoming("s1", "Oi <b>"))) // the same once more
		a := d.Root.Call("GET", "livechat/rooms?open=true", "")
		a.Is("total", 1)
		a.Is("rooms.0.sms.from", ourLine)
		a.Is("rooms.0.source.type", "sms")
		a.Is("rooms.0.source.alias", "twilio")
		a.Is("rooms.0.source.destination", ourLine)
		a.Is("rooms.0.departmentId", string(d.Sac))
		a.Is("rooms.0.servedBy.username", "ana")
		a.Is("rooms.0.v.username", "5511900000001")
		rid := fmt.Sprint(a.Get("rooms.0._id"))
		token := fmt.Sprint(a.Get("rooms.0.v.token"))
		said := func(want string) {
			t.Helper()
			end := time.Now().Add(15 * time.Second)
			for {
				got := d.C.Call("GET", "livechat/messages.history/"+rid+"?token="+token, "").Text
				if strings.Contains(got, want) {
					return
				}
				if time.Now().After(end) {
					t.Fatalf("%s is not in %s", want, got)
				}
			}
		}
		said(`"image_type":"image/png"`)
		if got := d.C.Call("GET", "livechat/messages.history/"+rid+"?token="+token, "").Text; strings.Count(got, `"msg":"Oi `) != 1 {
			t.Fatalf("posted twice: %s", got)
		}
		taken(text(d.C, path, "t0p-s3cret", incoming("s2", "", "Latitude", "-23.5", "Longitude", "-46.6")))
		said("mlat=-23.5")
		taken(text(d.C, path+"?department=Other", "t0p-s3cret", incoming("s3", "to the others")))
		d.Root.Call("GET", "livechat/rooms", "").Is("total", 2)

		d.Ana.Post("livechat/room.saveInfo", `{"guestData":{"_id":%q,"phone":"+1","name":"Bia"},"roomData":{"_id":%q}}`, a.Get("rooms.0.v._id"), rid).Is("success", true)
		d.Root.Call("GET", `livechat/rooms?roomName=Bia`, "").Is("rooms.0.v.phone.0.phoneNumber", visitor)

		// What agents write goes out, in order, until it has been taken.
		say := func(msg string) {
			t.Helper()
			d.Ana.Post("chat.sendMessage", `{"message":{"rid":%q,"msg":%q}}`, rid, msg).Is("success", true)
		}
		say("Bom dia")
		v := out.next(t)
		if v.Get("From") != ourLine || v.Get("To") != visitor || v.Get("Body") != "Bom dia" {
			t.Fatal(v)
		}
		d.Ana.Upload("rooms.upload/"+rid, "square.png", contracttest.Square(t)).Is("success", true)
		if v = out.next(t); !strings.HasPrefix(v.Get("MediaUrl"), public+"/files/") {
			t.Fatal(v)
		}
		out.answers <- http.StatusBadRequest
		say("not taken")
		out.next(t)
		undelivered(t, s, rid, "the number is not served")
		say("the next one")
		if v = out.next(t); v.Get("Body") != "the next one" {
			t.Fatal(v)
		}
		say(strings.Repeat("x", 1601))
		undelivered(t, s, rid, "a text message takes 1600")
		d.Root.Option("SMS_Enabled", "false")
		say("too late")
		undelivered(t, s, rid, "switched off")
	})
}

// undelivered waits for the note that a message was lost.
func undelivered(t *testing.T, s *servertest.Instance, rid, want string) {
	t.Helper()
	token := s.Token("ana@example.com")
	end := time.Now().Add(15 * time.Second)
	for {
		_, got, _ := s.Call("GET", "/api/parlor/v1/conversations/"+rid+"/messages", "", "Authorization", "Bearer "+token)
		if strings.Contains(got, `"undelivered"`) && strings.Contains(got, want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nobody is told %q: %s", want, got)
		}
	}
}

func TestOtherProvidersOfTextMessages(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, map[string]string{"webhook-private": "allow"})
	d := contracttest.NewDesk(t, s)
	d.Ana.There()
	got := make(chan string, 10)
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- r.URL.String() + " " + r.Header.Get("Authorization") + " " + string(b)
	}))
	t.Cleanup(gate.Close)
	receive := func() string {
		t.Helper()
		select {
		case v := <-got:
			return v
		case <-time.After(15 * time.Second):
			t.Fatal("nothing was sent")
		}
		return ""
	}
	answer := func(number, msg string) {
		t.Helper()
		a := d.Root.Call("GET", `livechat/rooms?open=true&sort={"ts":-1}`, "")
		a.Is("rooms.0.v.phone.0.phoneNumber", number)
		d.Ana.Post("chat.sendMessage", `{"message":{"rid":%q,"msg":%q}}`, a.Get("rooms.0._id"), msg).Is("success", true)
	}
	d.Root.Option("SMS_Enabled", "true")
	for _, x := range []struct {
		service, body, reply, want string
		options                    map[string]string
	}{
		{"voxtelesys", `{"from":"+15551","to":"+15552","body":"hi","media":[7]}`, "<Response></Response>",
			`/api Bearer vox {"body":"hello","from":"+15552","to":["+15551"]}`, map[string]string{"SMS_Voxtelesys_authToken": `"vox"`, "SMS_Voxtelesys_URL": `"` + gate.URL + `/api"`}},
		{"mobex", `{"from":"+15553","to":"+15552","content":"hi"}`, "ACK/Jasmin",
			"/send?content=hello&from=%2B15552&password=pw&to=15553&username=me  ", map[string]string{"SMS_Mobex_username": `"me"`, "SMS_Mobex_password": `"pw"`, "SMS_Mobex_gateway_address": `"` + gate.URL + `"`}},
	} {
		d.Root.Option("SMS_Service", `"`+x.service+`"`)
		for k, v := range x.options {
			d.Root.Option(k, v)
		}
		a := d.C.Call("POST", "livechat/sms-incoming/"+strings.ToUpper(x.service)+"?department=SAC", x.body)
		if a.Status != 200 || a.Text != x.reply || a.Header.Get("Content-Type") != "text/xml" {
			t.Fatalf("%s answered %d %s", x.service, a.Status, a.Text)
		}
		answer(x.body[9:15], "hello")
		if v := receive(); v != x.want {
			t.Fatalf("%s was sent %q, want %q", x.service, v, x.want)
		}
	}
}
