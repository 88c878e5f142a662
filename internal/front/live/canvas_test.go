package live_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"testing"
)

// Row 82: what one side draws is at once on the other's screen, while it is being
// drawn and when it is.
// picture uploads a small picture of a visitor and returns the answer.
func (w *world) picture(token string) string {
	w.t.Helper()
	var form bytes.Buffer
	mw := multipart.NewWriter(&form)
	part, err := mw.CreateFormFile("file", "x.png")
	if err == nil {
		err = png.Encode(part, image.NewGray(image.Rect(0, 0, 8, 8)))
	}
	if err == nil {
		err = mw.Close()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	_, body, _ := w.Call("POST", "/api/parlor/v1/visitor/files", form.String(), "Authorization", "Bearer "+token, "Content-Type", mw.FormDataContentType())
	return body
}

func TestRow82BothSidesSeeWhatIsDrawn(t *testing.T) {
	t.Parallel()
	w := start(t)
	token := w.visitor()
	v := connect(t, w.Instance, "/parlor/visitor", token)
	conv := field(t, v.call("start", `{}`), "conversation")
	a := w.console("lin@example.com", true)
	a.until("conversation", `"cause":"assigned"`, conv)
	body := w.picture(token)
	v.has(v.call("post", fmt.Sprintf(`{"kind":"image","file":%q}`, field(t, body, "id"))), `"kind":"image"`, `"seq":2`)

	a.call("watch", fmt.Sprintf(`{"conversation":%q}`, conv))
	started := a.call("canvas-start", fmt.Sprintf(`{"conversation":%q,"seq":2,"clientId":"c"}`, conv))
	a.has(started, `"kind":"cooperation"`, `"version":1`)
	shown := v.until("message", `"kind":"cooperation"`, `"thumb":`)
	c := field(t, shown, "canvas")
	for _, k := range []*sock{v, a} {
		k.has(k.call("canvas-open", fmt.Sprintf(`{"canvas":%q}`, c)), `"marks":[]`, `"draws":true`, `"closed":false`)
	}
	line := fmt.Sprintf(`{"canvas":%q,"shape":{"id":"m","tool":"pen","colour":"#ff0000","width":5,"points":[0.1,0.1,0.9,0.9]}}`, c)
	v.call("canvas-stroke", line)
	a.until("canvas-stroke", `"by":"visitor"`, `"id":"m"`)
	v.has(v.call("canvas-mark", line), `"seq":2`)
	a.until("canvas", `"change":"mark"`, `"version":2`, `"id":"m"`)
	a.call("canvas-stroke", line)
	if got := v.until("canvas-stroke", `"by":"agent"`, `"name":"Lin"`); bytes.Contains([]byte(got), []byte(`"author"`)) {
		t.Fatalf("the agent's id reached the visitor: %s", got)
	}
	a.has(a.call("canvas-mark", line), `"seq":3`)
	v.until("canvas", `"change":"mark"`, `"version":3`, `"name":"Lin"`)
	v.call("canvas-undo", fmt.Sprintf(`{"canvas":%q,"mark":"m"}`, c))
	a.until("canvas", `"change":"undo"`, `"gone":"m"`, `"count":1`)
	a.has(a.call("canvas-clear", fmt.Sprintf(`{"canvas":%q}`, c)), `"count":0`)
	v.until("canvas", `"change":"clear"`, `"version":5`)
	v.has(v.call("canvas-mark", fmt.Sprintf(`{"canvas":%q,"shape":{"id":"x"}}`, c)), `"code":"invalid"`, `"field":"tool"`)

	// A canvas that is not open takes no strokes, and one that is closed no more.
	v.call("canvas-open", `{}`)
	a.call("canvas-stroke", line)
	v.none("canvas-stroke", `"id":"m"`)
	other := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	other.has(other.call("canvas-open", fmt.Sprintf(`{"canvas":%q}`, c)), "canvas_not_found")
	v.call("close", `{}`)
	a.has(a.call("canvas-mark", line), "conversation_closed")
}
