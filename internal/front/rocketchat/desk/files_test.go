package desk_test

import (
	"fmt"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestSeveralFilesInOneMessage(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		rid := d.C.Chat("vera", "")
		stored := func(name string, data []byte) string {
			file := &contracttest.Client{T: t, S: s, Auth: d.Ana.Auth}
			a := file.Upload("rooms.media/"+rid, name, data)
			a.Is("success", true)
			return fmt.Sprint(a.Get("file._id"))
		}
		picture, text := stored("a.png", contracttest.Square(t)), stored("b.txt", []byte("hello"))
		send := func(id string, files ...string) contracttest.Answer {
			list := ""
			for i, f := range files {
				if i > 0 {
					list += ","
				}
				list += fmt.Sprintf(`{"_id":%q,"name":"x"}`, f)
			}
			return d.Ana.Method("sendMessage", fmt.Sprintf(`[{"_id":%q,"rid":%q,"msg":"two <b>"},[],[%s]]`, id, rid, list))
		}
		d.Root.Option("FileUpload_MaxFilesPerMessage", "1")
		send("f0", picture, text).Is("error.error", "error-too-many-files")
		d.Root.Option("FileUpload_MaxFilesPerMessage", "2")
		send("f0", picture, "none").Is("error.error", "invalid-file")
		a := send("f1", picture, text)
		a.Is("result._id", "f1")
		a = d.C.Call("GET", "livechat/message/f1?token=vera&rid="+rid, "")
		a.Is("message.msg", "two <b>")
		a.Is("message.file._id", picture)
		a.Is("message.files.0._id", picture)
		a.Is("message.files.1._id", picture+"-thumb")
		a.Is("message.files.2._id", text)
		a.Is("message.files.3", nil)
		a.Is("message.filesUpload.2.type", "text/plain")
		a.Is("message.filesUpload.3", nil)
		a.Is("message.fileUpload.type", "image/png")
		a.Is("message.attachments.1.title", "b.txt")
		a.Is("message.attachments.2", nil)
		a = send("f2", text)
		a.Is("result.files.0._id", text)
		a.Is("result.filesUpload", nil)

		// The console sees them too, and nobody sees what was taken back.
		token := s.Token("ana@example.com")
		_, body, _ := s.Call("GET", "/api/parlor/v1/conversations/"+rid+"/messages", "", "Authorization", "Bearer "+token)
		list := contracttest.Answer{T: t, Text: body}
		found := 0
		for i := range 10 {
			if list.Get(fmt.Sprintf("items.%d.more.0.id", i)) == text {
				found++
			}
		}
		if found != 1 {
			t.Fatal(body)
		}
		d.Ana.Post("chat.delete", `{"roomId":%q,"msgId":"f1"}`, rid).Is("success", true)
		d.C.Call("GET", "livechat/message/f1?token=vera&rid="+rid, "").Want(400, contracttest.Plain("invalid-message"))
		_, body, _ = s.Call("GET", "/api/parlor/v1/conversations/"+rid+"/messages", "", "Authorization", "Bearer "+token)
		if again := (contracttest.Answer{T: t, Text: body}); again.Get("items.2.more") != nil {
			t.Fatal(body)
		}
	})
}
