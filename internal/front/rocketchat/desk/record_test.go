package desk_test

import (
	"fmt"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestARoomsRecordAsPDF(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		rid := d.C.Chat("v1", "SAC")
		ask := "omnichannel/" + rid + "/request-transcript"
		d.C.Call("POST", ask, "").Is("status", "error")
		d.Ana.Call("POST", "omnichannel/none/request-transcript", "").Want(400, contracttest.Plain("error-invalid-room"))
		d.Ana.Call("POST", ask, "").Want(400, contracttest.Plain("room-still-open"))
		d.Bob.Call("POST", ask, "").Want(400, contracttest.Plain("error-not-allowed"))
		d.Ana.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"x","generateTranscriptPdf":"yes"}`, rid).Want(400, `{"error":"must be boolean [invalid-params]","errorType":"invalid-params","success":false}`)
		d.Ana.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"x","generateTranscriptPdf":true}`, rid).Want(200, contracttest.OK(""))
		file := func() string {
			return fmt.Sprint(d.Root.Call("GET", "livechat/rooms", "").Get("rooms.0.pdfTranscriptFileId"))
		}
		first := file()
		d.Ana.Call("POST", ask, "").Want(200, contracttest.OK(""))
		if again := file(); first == "<nil>" || again == "<nil>" || again == first {
			t.Errorf("the file was %s and is %s", first, again)
		}
	})
}
