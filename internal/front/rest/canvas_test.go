package rest_test

import (
	"bytes"
	"fmt"
	"image/png"
	"strings"
	"testing"
)

const redLine = `{"id":"m1","tool":"pen","colour":"#ff0000","width":10,"points":[0,0.5,1,0.5]}`

// Row 82: both sides draw on a picture over REST, and nobody else.
func TestRow82CanvasOverREST(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	code, body := d.lin.send(t, "/files", "plan.png", picture(t))
	if code != 200 {
		t.Fatal(body)
	}
	_, rest, _ := strings.Cut(body, `"id":"`)
	file, _, _ := strings.Cut(rest, `"`)
	got := d.lin.ask(t, 200, "POST", "/conversations/"+d.conv+"/canvases", `{"file":"`+file+`"}`, `"kind":"cooperation"`, `"version":1`, `"count":0`)
	c, _ := got["canvas"].(map[string]any)
	path := "/canvases/" + fmt.Sprint(c["id"])

	d.lin.ask(t, 200, "POST", path+"/marks", redLine, `"seq":2`, `"by":"agent"`, `"author":`)
	visitor := []string{"Authorization", "Bearer " + d.token, "Content-Type", "application/json"}
	blue := strings.Replace(redLine, "ff0000", "0000ff", 1)
	if code, body, _ := d.Call("POST", api+"/visitor"+path+"/marks", blue, visitor...); code != 200 || !strings.Contains(body, `"seq":3`) {
		t.Fatalf("%d %s", code, body)
	}
	code, body, _ = d.Call("GET", api+"/visitor"+path, "", visitor...)
	if code != 200 || !strings.Contains(body, `"draws":true`) || !strings.Contains(body, `"name":"Lin"`) || strings.Contains(body, d.agentID(t)) {
		t.Fatalf("%d %s", code, body)
	}
	d.lin.ask(t, 200, "GET", "/conversations/"+d.conv+"/canvases", "", `"count":2`, `"/files/canvas/main.`)
	if code, body, _ = d.Call("POST", api+"/visitor"+path+"/undo", `{}`, visitor...); code != 200 || !strings.Contains(body, `"count":1`) {
		t.Fatalf("%d %s", code, body)
	}

	for _, from := range []string{api + "/visitor" + path + "/picture", fmt.Sprint(c["drawn"]), fmt.Sprint(c["thumb"])} {
		code, body, h := d.Call("GET", from, "", "Authorization", "Bearer "+d.token)
		img, err := png.Decode(bytes.NewReader([]byte(body)))
		if code != 200 || err != nil || h.Get("Content-Type") != "image/png" {
			t.Fatalf("%s: %d %v", from, code, err)
		}
		if r, g, _, _ := img.At(4, 4).RGBA(); r < 0x7000 || g > 0x1000 {
			t.Fatalf("%s shows no line: %d %d", from, r, g)
		}
	}
	stranger, _ := arrive(t, d.Instance, "")
	for _, call := range [][3]string{{"GET", "", ""}, {"POST", "/marks", blue}, {"POST", "/undo", "{}"}, {"GET", "/picture", ""}} {
		code, body, _ := d.Call(call[0], api+"/visitor"+path+call[1], call[2], "Authorization", "Bearer "+stranger, "Content-Type", "application/json")
		if code != 404 || !strings.Contains(body, "canvas_not_found") {
			t.Fatalf("%v: %d %s", call, code, body)
		}
	}
	if code, _, _ := d.Call("GET", strings.Replace(fmt.Sprint(c["drawn"]), "main.", "main.0", 1), ""); code != 403 {
		t.Fatalf("a forged address: %d", code)
	}
	if code, body, _ := d.Call("DELETE", api+"/visitor"+path+"/marks", "", visitor...); code != 404 && code != 405 {
		t.Fatalf("a visitor clears: %d %s", code, body)
	}
	d.lin.ask(t, 200, "DELETE", path+"/marks", "", `"count":0`)
	d.lin.ask(t, 200, "POST", "/conversations/"+d.conv+"/close", "")
	d.lin.ask(t, 409, "POST", path+"/marks", strings.Replace(redLine, "m1", "m2", 1), "conversation_closed")
}

// agentID is the id of the agent who serves.
func (d *desk) agentID(t *testing.T) string {
	t.Helper()
	return fmt.Sprint(d.boss.ask(t, 200, "GET", "/conversations/"+d.conv, "")["agent"])
}

// What is no mark gets a problem that names the field.
func TestBadMarksGetAProblem(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, body := d.lin.send(t, "/files", "plan.png", picture(t))
	_, rest, _ := strings.Cut(body, `"id":"`)
	file, _, _ := strings.Cut(rest, `"`)
	got := d.lin.ask(t, 200, "POST", "/conversations/"+d.conv+"/canvases", `{"file":"`+file+`"}`)
	c, _ := got["canvas"].(map[string]any)
	marks := "/canvases/" + fmt.Sprint(c["id"]) + "/marks"
	for _, x := range [][3]string{
		{`"tool":"pen"`, `"tool":"eraser"`, `"tool"`}, {"#ff0000", "red", `"colour"`}, {`"width":10`, `"width":100`, `"width"`},
		{"[0,0.5,1,0.5]", "[0,0.5,1]", `"points"`}, {"[0,0.5,1,0.5]", "[0,2]", `"points"`}, {`"id":"m1"`, `"id":""`, `"id"`}, {"{", "", `"detail"`},
		{"[0,0.5,1,0.5]", "[" + strings.Repeat("0,", 1100) + "0]", `"points"`},
	} {
		d.lin.ask(t, 400, "POST", marks, strings.Replace(redLine, x[0], x[1], 1), x[2])
	}
	d.lin.ask(t, 200, "GET", strings.TrimSuffix(marks, "/marks"), "", `"count":0`)
}
