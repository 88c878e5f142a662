package cluster_test

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
)

// upload sends a small picture and returns the id of its file.
func (n *node) upload(token string) string {
	n.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "x.png")
	if err == nil {
		err = png.Encode(part, image.NewGray(image.Rect(0, 0, 8, 8)))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		n.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(n.t.Context(), http.MethodPost, n.url+"/api/parlor/v1/files", &form)
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if cerr := res.Body.Close(); err != nil || cerr != nil || res.StatusCode != http.StatusOK {
		n.t.Fatal(res.Status, string(b), err, cerr)
	}
	_, rest, _ := strings.Cut(string(b), `"id":"`)
	file, _, _ := strings.Cut(rest, `"`)
	return file
}

// Row 82: visitor and agent draw on one picture over two nodes.
func TestRow82MarksCrossNodes(t *testing.T) {
	t.Parallel()
	s, one, two := pair(t)
	_, linToken := s.agent("lin", 3)
	lin := two.console(linToken, true)
	ann := one.dial("/parlor/visitor", one.visitor())
	cid := stateOf(t, ann.call("start", "{}")).Conversation
	lin.until("conversation", cid, `"cause":"assigned"`)
	lin.call("watch", fmt.Sprintf(`{"conversation":%q}`, cid))
	started := lin.call("canvas-start", fmt.Sprintf(`{"conversation":%q,"file":%q}`, cid, two.upload(linToken)))
	ann.until("message", `"kind":"cooperation"`)
	_, rest, _ := strings.Cut(started, `"canvas":{"id":"`)
	c, _, _ := strings.Cut(rest, `"`)
	for _, k := range []*socket{lin, ann} {
		if got := k.call("canvas-open", fmt.Sprintf(`{"canvas":%q}`, c)); !strings.Contains(got, `"marks":[]`) {
			t.Fatal(got)
		}
	}
	line := fmt.Sprintf(`{"canvas":%q,"shape":{"id":"m","tool":"pen","colour":"#ff0000","width":5,"points":[0.1,0.1,0.9,0.9]}}`, c)
	ann.call("canvas-stroke", line)
	lin.until("canvas-stroke", `"by":"visitor"`)
	ann.call("canvas-mark", line)
	lin.until("canvas", `"change":"mark"`, `"version":2`)
	lin.call("canvas-mark", line)
	ann.until("canvas", `"change":"mark"`, `"version":3`, `"name":"lin"`)
	// Any node draws the picture.
	for _, n := range []*node{one, two} {
		if code, body := n.call(http.MethodGet, "/api/parlor/v1/canvases/"+c+"/picture", linToken, ""); code != 200 || !strings.HasPrefix(body, "\x89PNG") {
			t.Fatal(code, body)
		}
	}
}
