package guest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestFileOfATextMessageOutlivesItsConversation: a picture that takes longer than
// the conversation goes into the next one, which has the same way for answers.
func TestFileOfATextMessageOutlivesItsConversation(t *testing.T) {
	t.Parallel()
	servertest.Each(t, map[string]string{"webhook-private": "allow", "public-url": public}, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		asked, release := make(chan struct{}, 10), make(chan struct{})
		let := sync.OnceFunc(func() { close(release) })
		slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			<-release
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write(contracttest.Square(t))
		}))
		t.Cleanup(slow.Close)
		t.Cleanup(let)
		for id, v := range map[string]string{"SMS_Enabled": "true", "SMS_Twilio_authToken": `"t0p"`, "SMS_Default_Omnichannel_Department": `"SAC"`,
			"Livechat_enable_message_character_limit": "true", "Livechat_message_character_limit": "5"} {
			d.Root.Option(id, v)
		}
		taken(text(d.C, "livechat/sms-incoming/twilio", "t0p", incoming("s1", "longer than five", "NumMedia", "1", "MediaUrl0", slow.URL+"/picture", "MediaContentType0", "image/png")))
		select {
		case <-asked:
		case <-time.After(15 * time.Second):
			t.Fatal("nobody asks for the picture")
		}
		a := d.Root.Call("GET", "livechat/rooms?open=true", "")
		a.Is("total", 1)
		a.Is("rooms.0.lastMessage.msg", "longer than five")
		first, token := fmt.Sprint(a.Get("rooms.0._id")), fmt.Sprint(a.Get("rooms.0.v.token"))
		d.Ana.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"done"}`, first).Is("success", true)
		let()
		for end := time.Now().Add(15 * time.Second); ; {
			a = d.Root.Call("GET", "livechat/rooms?open=true", "")
			if a.Get("total") == 1.0 {
				got := d.C.Call("GET", fmt.Sprintf("livechat/messages.history/%v?token=%s", a.Get("rooms.0._id"), token), "").Text
				if strings.Contains(got, `"image_type":"image/png"`) {
					break
				}
			}
			if time.Now().After(end) {
				t.Fatal("the picture did not come", a.Text)
			}
		}
		a = d.Root.Call("GET", "livechat/rooms?open=true", "") // as it is once the picture is there
		if a.Get("rooms.0._id") == first {
			t.Fatal("the conversation that has ended is open")
		}
		a.Is("rooms.0.sms.from", ourLine)
		a.Is("rooms.0.departmentId", string(d.Sac))
	})
}
