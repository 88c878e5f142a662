package rocketchat_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

// staffed starts a desk: an administrator, and an agent who takes chats.
func staffed(t *testing.T, s *servertest.Instance) (c, root, ana *client) {
	c = &client{t: t, s: s}
	s.Agent("root@example.com", account.Admin)
	s.Agent("ana@example.com", account.Member)
	root, ana = c.logIn("root"), c.logIn("ana")
	ana.call("POST", "users.setStatus", `{"status":"online"}`).is("success", true)
	ana.call("POST", "livechat/agent.status", `{"status":"available"}`).is("success", true)
	return c, root, ana
}

// room registers a visitor and opens its room.
func (c *client) room(token string) string {
	c.t.Helper()
	c.call("POST", "livechat/visitor", fmt.Sprintf(`{"visitor":{"token":%q,"name":"Vera"}}`, token)).is("success", true)
	a := c.call("GET", "livechat/room?token="+token, "")
	a.is("success", true)
	return fmt.Sprint(a.get("room._id"))
}

// say posts a message of a visitor.
func (c *client) say(token, rid, message, text string) answer {
	c.t.Helper()
	return c.call("POST", "livechat/message", fmt.Sprintf(`{"token":%q,"rid":%q,"msg":%q,"_id":%q}`, token, rid, text, message))
}

// option sets an option.
func (c *client) option(id, value string) {
	c.t.Helper()
	c.call("POST", "settings/"+id, `{"value":`+value+`}`).want(200, `{"success":true}`)
}

func TestMessagesAreChangedAndDeletedByTheirVisitor(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, root, ana := staffed(t, s)
		rid, other := c.room("vera"), c.room("otto")
		c.say("vera", rid, "m1", "first").is("message._id", "m1")
		again := c.say("vera", rid, "m1", "something else")
		again.is("message.msg", "first")
		c.say("vera", rid, "m2", "").is("message.msg", "")
		c.call("GET", "livechat/message/m1?token=vera&rid="+rid, "").is("message.msg", "first")
		c.call("GET", "livechat/message/m1?token=otto&rid="+other, "").want(400, `{"error":"invalid-message","success":false}`)
		a := c.call("PUT", "livechat/message/m1", fmt.Sprintf(`{"token":"vera","rid":%q,"msg":"<b>second</b>"}`, rid))
		a.is("message._id", "m1")
		a.is("message.msg", "<b>second</b>")
		a.is("message.editedBy.username", again.get("message.u.username"))
		if a.get("message.editedAt") == nil {
			t.Fatal(a.text)
		}
		// What the agent wrote is not the visitor's to change.
		ana.call("GET", "me", "").is("success", true)
		token := s.Token("ana@example.com")
		if status, text, _ := s.Call("POST", "/api/parlor/v1/conversations/"+rid+"/messages", `{"kind":"text","text":"Hello, 100% sure","clientId":"a1"}`,
			"Authorization", "Bearer "+token, "Content-Type", "application/json"); status != 200 {
			t.Fatal(status, text)
		}
		for _, method := range []string{"PUT", "DELETE"} {
			msg := ""
			if method == "PUT" {
				msg = `,"msg":"x"`
			}
			body := func(token, rid string) string { return fmt.Sprintf(`{"token":%q,"rid":%q%s}`, token, rid, msg) }
			c.call(method, "livechat/message/a1", body("vera", rid)).want(400, `{"error":"error-action-not-allowed","success":false}`)
			c.call(method, "livechat/message/none", body("vera", rid)).want(400, `{"error":"invalid-message","success":false}`)
			c.call(method, "livechat/message/m1", body("vera", "none")).want(400, `{"error":"invalid-room","success":false}`)
			c.call(method, "livechat/message/m1", body("otto", rid)).want(400, `{"error":"invalid-room","success":false}`)
			c.call(method, "livechat/message/m1", body("none", rid)).want(400, `{"error":"invalid-token","success":false}`)
			c.call(method, "livechat/message/m1", `{"rid":"x"}`).is("error", "must have required property 'token' [invalid-params]")
			c.call(method, "livechat/message/m1", `{"token":{},"rid":"x"`+msg+`}`).is("error", "must be string [invalid-params]")
		}
		root.option("Message_AllowEditing", "false")
		c.call("PUT", "livechat/message/m1", fmt.Sprintf(`{"token":"vera","rid":%q,"msg":"x"}`, rid)).want(400, `{"error":"error-action-not-allowed","success":false}`)
		root.option("Message_AllowDeleting", "false")
		c.call("DELETE", "livechat/message/m1", fmt.Sprintf(`{"token":"vera","rid":%q}`, rid)).want(400, `{"error":"error-action-not-allowed","success":false}`)
		root.option("Message_AllowDeleting", "true")
		c.call("DELETE", "livechat/message/m2?token=vera&rid="+rid, "").is("message._id", "m2")
		c.call("GET", "livechat/message/m2?token=vera&rid="+rid, "").want(400, `{"error":"invalid-message","success":false}`)

		a = c.call("GET", "livechat/messages.history/"+rid+"?token=vera", "")
		a.is("messages.0.msg", "Hello, 100% sure")
		a.is("messages.1.msg", "<b>second</b>")
		a.is("messages.2.t", "uj")
		a.is("messages.3", nil)
		at := fmt.Sprint(a.get("messages.0.ts"))
		a = c.call("GET", "livechat/messages.history/"+rid+"?token=vera&offset=1&limit=1", "")
		a.is("messages.0.msg", "<b>second</b>")
		a.is("messages.1", nil)
		c.call("GET", "livechat/messages.history/"+rid+"?token=vera&end="+at, "").is("messages.0.msg", "<b>second</b>")
		a = c.call("GET", "livechat/messages.history/"+rid+"?token=vera&searchText=100%25", "")
		a.is("messages.0.msg", "Hello, 100% sure")
		a.is("messages.1", nil)
		c.call("GET", "livechat/messages.history/"+rid+"?token=vera&end=never", "").is("errorType", "invalid-params")

		root.option("Livechat_enable_message_character_limit", "true")
		root.option("Livechat_message_character_limit", "1")
		c.say("vera", rid, "m3", "two").want(400, `{"error":"message-length-exceeds-character-limit","success":false}`)
		c.say("vera", rid, "m4", "1").is("message.msg", "1")
	})
}

func TestSeveralMessagesAtOnce(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	c, _, ana := staffed(t, s)
	a := ana.call("POST", "livechat/messages", `{"visitor":{"token":"new-one"},"messages":[{"msg":"one"},{"msg":"two"}]}`)
	a.is("messages.1.msg", "two")
	a.is("messages.0.username", "guest-1")
	rid := fmt.Sprint(c.call("GET", "livechat/room?token=new-one", "").get("room._id"))
	c.call("GET", "livechat/messages.history/"+rid+"?token=new-one", "").is("messages.0.msg", "two")
	c.call("POST", "livechat/messages", `{}`).want(401, `{"message":"You must be logged in to do this.","status":"error"}`)
	ana.call("POST", "livechat/messages", `{"visitor":{"token":"x"},"messages":[]}`).is("error", "must NOT have fewer than 1 items [invalid-params]")
	ana.call("POST", "livechat/messages", `{"visitor":{},"messages":[{"msg":"x"}]}`).is("error", "must have required property 'token' [invalid-params]")
	ana.call("POST", "livechat/messages", `{"visitor":{"token":" "},"messages":[{"msg":"x"}]}`).is("errorType", "error-invalid-token")
	ana.call("POST", "livechat/messages", `{"visitor":{"token":"x"},"messages":[`+strings.Repeat(`{"msg":"x"},`, 100)+`{"msg":"x"}]}`).is("errorType", "invalid-params")
}

// upload sends a form with a file.
func (c *client) upload(path, name string, data []byte, header ...string) answer {
	c.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for k, v := range map[string]string{"description": "a <i>square</i>", "msg": "look"} {
		if err := form.WriteField(k, v); err != nil {
			c.t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	status, text, h := c.s.Call("POST", "/api/v1/"+path, b.String(), append([]string{"Content-Type", form.FormDataContentType()}, append(header, c.auth...)...)...)
	return answer{c.t, status, text, h}
}

// square is a small picture.
func square(t *testing.T) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 3))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestVisitorsUploadFiles(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, root, _ := staffed(t, s)
		rid := c.room("vera")
		c.room("otto")
		a := c.upload("livechat/upload/"+rid, "square.png", square(t), "x-visitor-token", "vera")
		a.is("success", true)
		a.is("rid", rid)
		a.is("msg", "look")
		a.is("newRoom", false)
		a.is("file.type", "image/png")
		a.is("files.0.name", "square.png")
		a.is("attachments.0.description", "a <i>square</i>")
		a.is("attachments.0.image_dimensions.width", 4)
		file := fmt.Sprint(a.get("file._id"))
		get := func(query string, header ...string) int {
			status, body, h := s.Call("GET", "/file-upload/"+file+"/square.png"+query, "", header...)
			if status == 200 && (body != string(square(t)) || h.Get("Content-Type") != "image/png") {
				t.Fatal("another file came", h)
			}
			return status
		}
		login := c.logIn("ana").auth
		for query, want := range map[string]int{"?rc_rid=" + rid + "&rc_token=vera&rc_room_type=l": 200, "?rc_rid=" + rid + "&rc_token=otto&rc_room_type=l": 403, "": 403,
			"?rc_rid=none&rc_token=vera&rc_room_type=l": 403} {
			if got := get(query); got != want {
				t.Errorf("%s gave %d", query, got)
			}
		}
		if got := get("", "Cookie", "rc_uid="+login[3]+"; rc_token="+login[1]); got != 200 {
			t.Errorf("an agent got %d", got)
		}
		if got := get("", "Cookie", "rc_uid=other; rc_token="+login[1]); got != 403 {
			t.Errorf("another's id gave %d", got)
		}
		for _, token := range []string{"", "none", "otto"} {
			c.upload("livechat/upload/"+rid, "x.png", square(t), "x-visitor-token", token).want(403, `{"error":"unauthorized","success":false}`)
		}
		c.upload("livechat/upload/"+rid, "x.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "x-visitor-token", "vera").
			want(400, `{"reason":"error-type-not-allowed","success":false}`)
		c.call("POST", "livechat/upload/"+rid, `{}`).want(403, `{"error":"unauthorized","success":false}`)
		status, text, _ := s.Call("POST", "/api/v1/livechat/upload/"+rid, `{}`, "x-visitor-token", "vera", "Content-Type", "application/json")
		if status != 400 || !strings.Contains(text, "invalid-params") {
			t.Fatal(status, text)
		}
		root.option("Livechat_fileupload_enabled", "false")
		c.upload("livechat/upload/"+rid, "x.png", square(t), "x-visitor-token", "vera").want(400, `{"reason":"error-file-upload-disabled","success":false}`)
	})
}

func TestLargeUploadsAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, map[string]string{"max-upload": "1048576"})
	c, _, _ := staffed(t, s)
	rid := c.room("vera")
	c.upload("livechat/upload/"+rid, "x.txt", bytes.Repeat([]byte("x"), 1<<20+1), "x-visitor-token", "vera").
		want(400, `{"reason":"error-size-not-allowed","sizeAllowed":"1 MB","success":false}`)
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/api/v1/livechat/upload/"+rid, io.LimitReader(zeros{}, 4<<20))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("x-visitor-token", "vera")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return // cut off while sending, which is right too
	}
	defer func() { _ = res.Body.Close() }() // read-only
	if res.StatusCode < 400 {
		t.Fatal(res.Status)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }
