package guest_test

import (
	"fmt"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestRecordsByMethod: records are sent, wished for and given up by methods, and one
// is made when a visitor closes if the agent wants it.
func TestRecordsByMethod(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		_, root, ana := contracttest.Staffed(t, s)
		rid := ana.Room("vera")
		ana.Room("uli")
		send := func(c *contracttest.Client, args string) contracttest.Answer {
			return c.Method("livechat:sendTranscript", args)
		}
		send(root, `[]`).Is("error.errorType", "Match.Error")
		send(ana, fmt.Sprintf(`["vera",%q,"a@b","s"]`, rid)).Is("error.error", "error-not-allowed")
		for _, args := range []string{`["none",%q,"a@b","s"]`, `["uli",%q,"a@b","s"]`, `["vera",%q,"nonsense","s"]`, `["vera","x%s","a@b","s"]`} {
			if a := send(root, fmt.Sprintf(args, rid)); a.Get("error") == nil {
				t.Error(args, a.Text)
			}
		}
		send(root, fmt.Sprintf(`["vera",%q,"test@test","s"]`, rid)).Is("result", true)
		root.Method("livechat:discardTranscript", `["`+rid+`"]`).Is("error.error", "error-transcript-not-requested")
		root.Method("livechat:requestTranscript", `["`+rid+`","a@b.example","s"]`).Is("result", true)
		root.Method("livechat:requestTranscript", `["`+rid+`","a@b.example","s"]`).Is("error.error", "error-transcript-already-requested")
		root.Method("livechat:discardTranscript", `["`+rid+`"]`).Is("result", true)
		end := func(token, rid string) contracttest.Answer {
			root.Post("livechat/room.close", `{"token":%q,"rid":%q}`, token, rid).Is("success", true)
			return root.Call("GET", "channels.info?roomId="+rid, "")
		}
		end("vera", rid).Is("channel.pdfTranscriptFileId", nil)
		ana.Call("POST", "users.setPreferences", `{"data":{"omnichannelTranscriptPDF":true}}`).Is("success", true)
		if a := end("eva", ana.Room("eva")); a.Get("channel.pdfTranscriptFileId") == nil {
			t.Error("no record", a.Text)
		}
	})
}
