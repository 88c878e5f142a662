package guest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestMessagesAreChangedAndDeletedByTheirVisitor(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, root, ana := contracttest.Staffed(t, s)
		rid, other := c.Room("vera"), c.Room("otto")
		c.Say("vera", rid, "m1", "first").Is("message._id", "m1")
		again := c.Say("vera", rid, "m1", "something else")
		again.Is("message.msg", "first")
		c.Say("vera", rid, "m2", "").Is("message.msg", "")
		c.Call("GET", "livechat/message/m1?token=vera&rid="+rid, "").Is("message.msg", "first")
		// Our addition: the structured part of an integration.
		ext := func(raw string) contracttest.Answer {
			return c.Call("POST", "livechat/message", fmt.Sprintf(`{"token":"otto","rid":%q,"msg":"","ext":%s}`, other, raw))
		}
		ext(`{"msgtype":{"track":{"title":"This one"}}}`).Is("message.msg", "This one")
		ext(`{"cmd":{"updateVisitorInfoSrc":{"params":{"a":"b"}}}}`).Want(200, `{"success":true}`)
		ext(`7`).Is("success", false)
		c.Call("GET", "livechat/message/m1?token=otto&rid="+other, "").Want(400, `{"error":"invalid-message","success":false}`)
		a := c.Call("PUT", "livechat/message/m1", fmt.Sprintf(`{"token":"vera","rid":%q,"msg":"<b>second</b>"}`, rid))
		a.Is("message._id", "m1")
		a.Is("message.msg", "<b>second</b>")
		a.Is("message.editedBy.username", again.Get("message.u.username"))
		if a.Get("message.editedAt") == nil {
			t.Fatal(a.Text)
		}
		// What the agent wrote is not the visitor's to change.
		ana.Call("GET", "me", "").Is("success", true)
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
			c.Call(method, "livechat/message/a1", body("vera", rid)).Want(400, `{"error":"error-action-not-allowed","success":false}`)
			c.Call(method, "livechat/message/none", body("vera", rid)).Want(400, `{"error":"invalid-message","success":false}`)
			c.Call(method, "livechat/message/m1", body("vera", "none")).Want(400, `{"error":"invalid-room","success":false}`)
			c.Call(method, "livechat/message/m1", body("otto", rid)).Want(400, `{"error":"invalid-room","success":false}`)
			c.Call(method, "livechat/message/m1", body("none", rid)).Want(400, `{"error":"invalid-token","success":false}`)
			c.Call(method, "livechat/message/m1", `{"rid":"x"}`).Is("error", "must have required property 'token' [invalid-params]")
			c.Call(method, "livechat/message/m1", `{"token":{},"rid":"x"`+msg+`}`).Is("error", "must be string [invalid-params]")
		}
		root.Option("Message_AllowEditing", "false")
		c.Call("PUT", "livechat/message/m1", fmt.Sprintf(`{"token":"vera","rid":%q,"msg":"x"}`, rid)).Want(400, `{"error":"error-action-not-allowed","success":false}`)
		root.Option("Message_AllowDeleting", "false")
		c.Call("DELETE", "livechat/message/m1", fmt.Sprintf(`{"token":"vera","rid":%q}`, rid)).Want(400, `{"error":"error-action-not-allowed","success":false}`)
		root.Option("Message_AllowDeleting", "true")
		c.Call("DELETE", "livechat/message/m2?token=vera&rid="+rid, "").Is("message._id", "m2")
		c.Call("GET", "livechat/message/m2?token=vera&rid="+rid, "").Want(400, `{"error":"invalid-message","success":false}`)

		a = c.Call("GET", "livechat/messages.history/"+rid+"?token=vera", "")
		a.Is("messages.0.msg", "Hello, 100% sure")
		a.Is("messages.1.msg", "<b>second</b>")
		a.Is("messages.2.t", "uj")
		a.Is("messages.3.t", "livechat-started")
		a.Is("messages.3.u.username", "guest-1")
		a.Is("messages.4", nil)
		c.Call("GET", "livechat/messages.history/"+rid+"?token=vera&offset=3&limit=1", "").Is("messages.0.t", "livechat-started")
		c.Call("GET", "livechat/messages.history/"+rid+"?token=vera&offset=4", "").Want(200, `{"messages":[],"success":true}`)
		at := fmt.Sprint(a.Get("messages.0.ts"))
		a = c.Call("GET", "livechat/messages.history/"+rid+"?token=vera&offset=1&limit=1", "")
		a.Is("messages.0.msg", "<b>second</b>")
		a.Is("messages.1", nil)
		c.Call("GET", "livechat/messages.history/"+rid+"?token=vera&end="+at, "").Is("messages.0.msg", "<b>second</b>")
		a = c.Call("GET", "livechat/messages.history/"+rid+"?token=vera&searchText=100%25", "")
		a.Is("messages.0.msg", "Hello, 100% sure")
		a.Is("messages.1", nil)
		c.Call("GET", "livechat/messages.history/"+rid+"?token=vera&end=never", "").Is("errorType", "invalid-params")

		root.Option("Livechat_enable_message_character_limit", "true")
		root.Option("Livechat_message_character_limit", "1")
		c.Say("vera", rid, "m3", "two").Want(400, `{"error":"message-length-exceeds-character-limit","success":false}`)
		c.Say("vera", rid, "m4", "1").Is("message.msg", "1")
	})
}

func TestSeveralMessagesAtOnce(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	c, _, ana := contracttest.Staffed(t, s)
	a := ana.Call("POST", "livechat/messages", `{"visitor":{"token":"new-one"},"messages":[{"msg":"one"},{"msg":"two"}]}`)
	a.Is("messages.1.msg", "two")
	a.Is("messages.0.username", "guest-1")
	rid := fmt.Sprint(c.Call("GET", "livechat/room?token=new-one", "").Get("room._id"))
	c.Call("GET", "livechat/messages.history/"+rid+"?token=new-one", "").Is("messages.0.msg", "two")
	c.Call("POST", "livechat/messages", `{}`).Want(401, `{"message":"You must be logged in to do this.","status":"error"}`)
	ana.Call("POST", "livechat/messages", `{"visitor":{"token":"x"},"messages":[]}`).Is("error", "must NOT have fewer than 1 items [invalid-params]")
	ana.Call("POST", "livechat/messages", `{"visitor":{},"messages":[{"msg":"x"}]}`).Is("error", "must have required property 'token' [invalid-params]")
	ana.Call("POST", "livechat/messages", `{"visitor":{"token":" "},"messages":[{"msg":"x"}]}`).Is("errorType", "error-invalid-token")
	ana.Call("POST", "livechat/messages", `{"visitor":{"token":"x"},"messages":[`+strings.Repeat(`{"msg":"x"},`, 100)+`{"msg":"x"}]}`).Is("errorType", "invalid-params")
}

func TestVisitorsUploadFiles(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, root, _ := contracttest.Staffed(t, s)
		rid := c.Room("vera")
		c.Room("otto")
		a := c.Upload("livechat/upload/"+rid, "square.png", contracttest.Square(t), "x-visitor-token", "vera")
		a.Is("success", true)
		a.Is("rid", rid)
		a.Is("msg", "look")
		a.Is("newRoom", false)
		a.Is("file.type", "image/png")
		a.Is("files.0.name", "square.png")
		a.Is("attachments.0.description", "a <i>square</i>")
		a.Is("attachments.0.image_dimensions.width", 4)
		file := fmt.Sprint(a.Get("file._id"))
		get := func(query string, header ...string) int {
			status, body, h := s.Call("GET", "/file-upload/"+file+"/square.png"+query, "", header...)
			if status == 200 && (body != string(contracttest.Square(t)) || h.Get("Content-Type") != "image/png") {
				t.Fatal("another file came", h)
			}
			return status
		}
		login := c.LogIn("ana").Auth
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
			c.Upload("livechat/upload/"+rid, "x.png", contracttest.Square(t), "x-visitor-token", token).Want(403, `{"error":"unauthorized","success":false}`)
		}
		c.Upload("livechat/upload/"+rid, "x.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "x-visitor-token", "vera").
			Want(400, `{"reason":"error-type-not-allowed","success":false}`)
		c.Call("POST", "livechat/upload/"+rid, `{}`).Want(403, `{"error":"unauthorized","success":false}`)
		status, text, _ := s.Call("POST", "/api/v1/livechat/upload/"+rid, `{}`, "x-visitor-token", "vera", "Content-Type", "application/json")
		if status != 400 || !strings.Contains(text, "invalid-params") {
			t.Fatal(status, text)
		}
		root.Option("Livechat_fileupload_enabled", "false")
		c.Upload("livechat/upload/"+rid, "x.png", contracttest.Square(t), "x-visitor-token", "vera").Want(400, `{"reason":"error-file-upload-disabled","success":false}`)
	})
}

func TestLargeUploadsAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, map[string]string{"max-upload": "1048576"})
	c, _, _ := contracttest.Staffed(t, s)
	rid := c.Room("vera")
	c.Upload("livechat/upload/"+rid, "x.txt", bytes.Repeat([]byte("x"), 1<<20+1), "x-visitor-token", "vera").
		Want(400, `{"reason":"error-size-not-allowed","sizeAllowed":"1 MB","success":false}`)
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
