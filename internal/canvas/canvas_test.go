package canvas_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/canvas"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/store/storetest"
	"parlor/internal/visitor"
)

// world is a visitor's conversation that is open with an agent, in which the
// visitor has sent a picture of 200 × 100 white points.
type world struct {
	*canvas.Service
	t        *testing.T
	talks    *conversation.Service
	media    *media.Service
	clock    *clock.Stub
	events   []*event.Event
	onlooker bool

	visitor, stranger, agent, other, boss actor.Actor
	conv                                  id.Conversation
	seq                                   int64
}

// VisitorDraws implements canvas.Settings.
func (w *world) VisitorDraws(context.Context, id.Tenant, id.Inbox) (bool, error) {
	return !w.onlooker, nil
}

// files finds uploads of whoever posts.
type files struct{ media *media.Service }

func (f files) ForMessage(ctx context.Context, who actor.Actor, file id.File) (conversation.File, error) {
	got, err := f.media.Own(ctx, who, file)
	return conversation.File{ID: got.ID, Name: got.Name, Type: got.Type, Size: got.Size, Width: got.Width, Height: got.Height}, err
}

func newWorld(t *testing.T) *world {
	t.Helper()
	st, b := storetest.SQLite(t), memory.New()
	w := &world{t: t, clock: clock.NewStub(time.Now().Truncate(time.Second))}
	accounts := account.New(st, b, w.clock)
	_, err := accounts.Setup(t.Context())
	w.must(err)
	add := func(name string, role account.Role) actor.Actor {
		a, err := accounts.AddAgent(t.Context(), account.NewAgent{Tenant: "main", Email: name + "@example.com", Name: name, Password: "correct horse", Role: role})
		w.must(err)
		return account.Login{Agent: a}.Actor()
	}
	w.agent, w.other, w.boss = add("lin", account.Member), add("bo", account.Member), add("cy", account.Supervisor)
	visitors := visitor.New(st, b, w.clock, []byte("key"))
	for _, who := range []*actor.Actor{&w.visitor, &w.stranger} {
		v, err := visitors.Arrive(t.Context(), "", visitor.Visitor{Tenant: "main", Inbox: "main", Name: "Ann"})
		w.must(err)
		*who = v.Actor()
	}
	w.media = media.New(st, w.clock, media.Options{Dir: t.TempDir(), Key: []byte("key")})
	w.talks = conversation.New(st, files{w.media}, b, w.clock)
	c, _, err := w.talks.Start(t.Context(), w.visitor, conversation.StartInput{Channel: "web"})
	w.must(err)
	_, err = st.Assign(t.Context(), routing.AssignInput{Tenant: "main", Conversation: c.ID, Version: c.Version, To: w.agent.Agent, Force: true, At: w.clock.Now(),
		Line: conversation.Message{ID: id.Message(id.New()), Tenant: "main", Conversation: c.ID, Kind: conversation.Event, Line: &conversation.Line{Name: conversation.LineAssigned}, At: w.clock.Now()}})
	w.must(err)
	w.conv = c.ID
	posted, err := w.talks.Post(t.Context(), w.visitor, conversation.PostInput{Conversation: c.ID, Kind: conversation.Image, File: w.upload(w.visitor, color.White)})
	w.must(err)
	w.seq = posted.Message.Seq
	w.Service = canvas.New(canvas.Deps{Store: st, Conversations: w.talks, Media: w.media, Settings: w, Events: b, Clock: w.clock, Key: []byte("key")})
	b.Subscribe(func(e *event.Event) { w.events = append(w.events, e) })
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) reason(err error, code errs.Code, reason string) {
	w.t.Helper()
	if errs.CodeOf(err) != code || errs.ReasonOf(err) != reason {
		w.t.Fatalf("error = %v (%s %s), want %s %s", err, errs.CodeOf(err), errs.ReasonOf(err), code, reason)
	}
}

// upload stores a picture of one colour.
func (w *world) upload(who actor.Actor, c color.Color) id.File {
	w.t.Helper()
	f, err := w.media.Save(w.t.Context(), who, "x.png", bytes.NewReader(picture(w.t, c)))
	w.must(err)
	return f.ID
}

func picture(t *testing.T, c color.Color) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 200, 100))
	for i := range 200 * 100 {
		img.Set(i%200, i/200, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (w *world) start() canvas.Canvas {
	w.t.Helper()
	got, err := w.Start(w.t.Context(), w.agent, canvas.StartInput{Conversation: w.conv, Seq: w.seq})
	w.must(err)
	return got.Canvas
}

func shape(markID string) canvas.Shape {
	return canvas.Shape{ID: markID, Tool: canvas.Pen, Colour: "#ff0000", Width: 20, Points: []float64{0.25, 0.5, 0.75, 0.5}}
}

// last returns the newest announced change.
func (w *world) last() *canvas.Changed {
	w.t.Helper()
	for i := len(w.events) - 1; i >= 0; i-- {
		if d, ok := w.events[i].Data.(*canvas.Changed); ok {
			return d
		}
	}
	w.t.Fatal("nothing was announced")
	return nil
}

func TestStartMakesAMessageOfAPicture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.Start(t.Context(), w.agent, canvas.StartInput{Conversation: w.conv, Seq: w.seq, ClientID: "c1"})
	w.must(err)
	m := got.Message
	if m.Kind != conversation.Cooperation || m.Canvas != got.Canvas.ID || m.File == nil || m.File.Width != 200 || m.From.Name != "lin" {
		t.Fatalf("%+v", m)
	}
	again, err := w.Start(t.Context(), w.agent, canvas.StartInput{Conversation: w.conv, Seq: w.seq, ClientID: "c1"})
	w.must(err)
	if again.Message.Seq != m.Seq || again.Canvas.ID != got.Canvas.ID {
		t.Fatalf("a repeated start made another: %+v", again)
	}
	own, err := w.Start(t.Context(), w.agent, canvas.StartInput{Conversation: w.conv, File: w.upload(w.agent, color.Black)})
	w.must(err)
	if _, err := w.Start(t.Context(), w.agent, canvas.StartInput{Conversation: w.conv, File: got.Message.File.ID}); err != nil {
		t.Fatal("the visitor's picture by its file: ", err)
	}
	list, err := w.List(t.Context(), w.visitor, w.conv)
	w.must(err)
	if len(list) != 2 || list[0].ID != got.Canvas.ID || list[1].ID != own.Canvas.ID {
		t.Fatalf("%+v", list)
	}
}

func TestStartIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	for _, x := range []struct {
		who    actor.Actor
		in     canvas.StartInput
		code   errs.Code
		reason string
	}{
		{w.visitor, canvas.StartInput{Conversation: w.conv, Seq: w.seq}, errs.Forbidden, "not_allowed"},
		{w.stranger, canvas.StartInput{Conversation: w.conv, Seq: w.seq}, errs.NotFound, "conversation_not_found"},
		{w.other, canvas.StartInput{Conversation: w.conv, Seq: w.seq}, errs.NotFound, "conversation_not_found"},
		{w.boss, canvas.StartInput{Conversation: w.conv, Seq: w.seq}, errs.Conflict, "not_your_conversation"},
		{w.agent, canvas.StartInput{Conversation: w.conv, Seq: 1}, errs.Invalid, "not_an_image"},
		{w.agent, canvas.StartInput{Conversation: w.conv, Seq: 99}, errs.Invalid, "not_an_image"},
		{w.agent, canvas.StartInput{Conversation: w.conv, File: w.upload(w.stranger, color.White)}, errs.NotFound, "file_not_found"},
		{w.agent, canvas.StartInput{Conversation: w.conv, File: "none"}, errs.NotFound, "file_not_found"},
	} {
		_, err := w.Start(ctx, x.who, x.in)
		w.reason(err, x.code, x.reason)
	}
	f, err := w.media.Save(ctx, w.agent, "x.txt", strings.NewReader("just text"))
	w.must(err)
	_, err = w.Start(ctx, w.agent, canvas.StartInput{Conversation: w.conv, File: f.ID})
	w.reason(err, errs.Invalid, "not_an_image")
	_, err = w.talks.Post(ctx, w.agent, conversation.PostInput{Conversation: w.conv, Kind: conversation.Cooperation})
	w.reason(err, errs.Invalid, "unknown_kind")
}

func TestBothSidesDraw(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, c := t.Context(), w.start()
	first, err := w.Draw(ctx, w.visitor, c.ID, shape("1"))
	w.must(err)
	d := w.last()
	if d.Change != canvas.Marked || d.Mark.ID != "1" || d.Mark.By != actor.Visitor || d.Canvas.Version != 2 || first.Seq != 2 {
		t.Fatalf("%+v", d)
	}
	told := len(w.events)
	again, err := w.Draw(ctx, w.visitor, c.ID, shape("1"))
	w.must(err)
	if again.Seq != 2 || len(w.events) != told {
		t.Fatal("a repeated mark was announced")
	}
	_, err = w.Draw(ctx, w.agent, c.ID, shape("1"))
	w.must(err)
	seen, err := w.Open(ctx, w.boss, c.ID)
	w.must(err)
	if len(seen.Marks) != 2 || seen.Marks[1].Name != "lin" || seen.Canvas.Count != 2 || !seen.Draws || seen.Visitor != w.visitor.Visitor {
		t.Fatalf("%+v", seen)
	}
	_, err = w.Undo(ctx, w.visitor, c.ID, "")
	w.must(err)
	if d := w.last(); d.Change != canvas.Undone || d.Gone != "1" || d.Author != string(w.visitor.Visitor) {
		t.Fatalf("%+v", d)
	}
	told = len(w.events)
	_, err = w.Undo(ctx, w.visitor, c.ID, "")
	w.must(err)
	if len(w.events) != told {
		t.Fatal("nothing was undone, and yet announced")
	}
	_, err = w.Clear(ctx, w.visitor, c.ID)
	w.reason(err, errs.Forbidden, "agents_only")
	got, err := w.Clear(ctx, w.agent, c.ID)
	w.must(err)
	if got.Count != 0 || w.last().Change != canvas.Cleared {
		t.Fatalf("%+v", got)
	}
}

func TestNobodyElseSeesOrDraws(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, c := t.Context(), w.start()
	for _, who := range []actor.Actor{w.stranger, w.other, {Kind: actor.Visitor, Tenant: "other", Visitor: w.visitor.Visitor}} {
		_, err := w.Open(ctx, who, c.ID)
		w.reason(err, errs.NotFound, "canvas_not_found")
		_, err = w.Draw(ctx, who, c.ID, shape("x"))
		w.reason(err, errs.NotFound, "canvas_not_found")
		_, err = w.Undo(ctx, who, c.ID, "")
		w.reason(err, errs.NotFound, "canvas_not_found")
		_, err = w.Picture(ctx, who, c.ID, canvas.Whole)
		w.reason(err, errs.NotFound, "canvas_not_found")
		if _, err = w.List(ctx, who, w.conv); errs.CodeOf(err) != errs.NotFound {
			t.Fatal(err)
		}
	}
	_, err := w.Clear(ctx, w.other, c.ID)
	w.reason(err, errs.NotFound, "canvas_not_found")
	w.onlooker = true
	seen, err := w.Open(ctx, w.visitor, c.ID)
	w.must(err)
	_, err = w.Draw(ctx, w.visitor, c.ID, shape("x"))
	w.reason(err, errs.Forbidden, "not_allowed")
	if seen.Draws {
		t.Fatal("who only looks on is told to draw")
	}
	if _, err = w.Draw(ctx, w.agent, c.ID, shape("x")); err != nil {
		t.Fatal(err)
	}
}

func TestTheEndMakesItReadOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, c := t.Context(), w.start()
	_, err := w.Draw(ctx, w.agent, c.ID, shape("1"))
	w.must(err)
	_, err = w.talks.Close(ctx, w.agent, w.conv, conversation.EndByAgent)
	w.must(err)
	_, err = w.Draw(ctx, w.agent, c.ID, shape("2"))
	w.reason(err, errs.Conflict, "conversation_closed")
	_, err = w.Undo(ctx, w.agent, c.ID, "")
	w.reason(err, errs.Conflict, "conversation_closed")
	_, err = w.Clear(ctx, w.agent, c.ID)
	w.reason(err, errs.Conflict, "conversation_closed")
	_, err = w.SaveLayer(ctx, w.agent, c.ID, bytes.NewReader(picture(t, color.Black)))
	w.reason(err, errs.Conflict, "conversation_closed")
	_, err = w.Start(ctx, w.agent, canvas.StartInput{Conversation: w.conv, Seq: w.seq})
	w.reason(err, errs.Conflict, "conversation_closed")
	seen, err := w.Open(ctx, w.visitor, c.ID)
	w.must(err)
	if !seen.Closed || seen.Draws || len(seen.Marks) != 1 {
		t.Fatalf("%+v", seen)
	}
}

func TestStrokesArePassedOnAndKeptNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.start()
	seen, err := w.Open(t.Context(), w.agent, c.ID)
	w.must(err)
	w.must(w.Stroke(w.agent, seen, shape("1")))
	w.must(w.Stroke(w.agent, seen, canvas.Shape{ID: "1"}))
	s, ok := w.events[len(w.events)-2].Data.(*canvas.Stroke)
	if !ok || s.Shape.ID != "1" || s.Name != "lin" || s.Conversation != w.conv {
		t.Fatalf("%+v", s)
	}
	bad := shape("1")
	bad.Points[0] = 2
	w.reason(w.Stroke(w.agent, seen, bad), errs.Invalid, "bad_points")
	w.reason(w.Stroke(w.agent, seen, canvas.Shape{}), errs.Invalid, "bad_mark_id")
	if seen, err = w.Open(t.Context(), w.agent, c.ID); err != nil || len(seen.Marks) != 0 {
		t.Fatalf("%v %+v", err, seen)
	}
}

// colourAt decodes a drawn picture and returns the colour at a place of it, both
// from 0 to 1.
func colourAt(t *testing.T, data []byte, x, y float64) color.RGBA {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	return color.RGBAModel.Convert(img.At(int(x*float64(b.Dx())), int(y*float64(b.Dy())))).(color.RGBA)
}

func TestPictureShowsLayerAndMarks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, c := t.Context(), w.start()
	_, err := w.SaveLayer(ctx, w.visitor, c.ID, bytes.NewReader(picture(t, color.Black)))
	w.reason(err, errs.Forbidden, "agents_only")
	_, err = w.SaveLayer(ctx, w.agent, c.ID, strings.NewReader("no picture"))
	w.reason(err, errs.Invalid, "not_an_image")
	at := func(x, y float64, want color.RGBA) {
		t.Helper()
		d, err := w.Picture(ctx, w.visitor, c.ID, canvas.Whole)
		w.must(err)
		if got := colourAt(t, d.PNG, x, y); got != want {
			t.Fatalf("at %v %v: %v, want %v", x, y, got, want)
		}
	}
	white, red, green := color.RGBA{255, 255, 255, 255}, color.RGBA{255, 0, 0, 255}, color.RGBA{0, 128, 0, 255}
	at(0.5, 0.5, white)
	_, err = w.Draw(ctx, w.agent, c.ID, shape("1"))
	w.must(err)
	at(0.5, 0.5, red)
	at(0.5, 0.2, white)
	got, err := w.SaveLayer(ctx, w.agent, c.ID, bytes.NewReader(picture(t, green)))
	w.must(err)
	if d := w.last(); d.Change != canvas.Layered || d.Layer != got.Layer || got.Layer == "" {
		t.Fatalf("%+v", d)
	}
	at(0.5, 0.5, red)
	at(0.5, 0.2, green)
	_, err = w.Clear(ctx, w.agent, c.ID)
	w.must(err)
	at(0.5, 0.5, white)
	at(0.5, 0.2, white)
	small, err := w.Picture(ctx, w.agent, c.ID, 50)
	w.must(err)
	if conf, err := png.DecodeConfig(bytes.NewReader(small.PNG)); err != nil || conf.Width != 50 || conf.Height != 25 {
		t.Fatalf("%v %+v", err, conf)
	}
}

func TestADrawingThatTakesTooLongIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, c := t.Context(), w.start()
	_, err := w.Draw(ctx, w.agent, c.ID, shape("1"))
	w.must(err)
	canvas.Limit(w.Service, -1)
	_, err = w.Picture(ctx, w.agent, c.ID, canvas.Whole)
	w.reason(err, errs.Unavailable, "drawing_too_heavy")
	canvas.Limit(w.Service, time.Minute)
	_, err = w.Picture(ctx, w.agent, c.ID, canvas.Small)
	w.reason(err, errs.Unavailable, "drawing_too_heavy")
	w.clock.Advance(time.Minute)
	if _, err = w.Picture(ctx, w.agent, c.ID, canvas.Whole); err != nil {
		t.Fatal(err)
	}
}

func TestEveryToolLeavesAMark(t *testing.T) {
	t.Parallel()
	for tool, places := range map[canvas.Tool][][3]float64{ // x, y, whether it is red there
		canvas.Pen:       {{0.5, 0.5, 1}, {0.2, 0.2, 1}, {0.2, 0.8, 0}},
		canvas.Arrow:     {{0.5, 0.5, 1}, {0.79, 0.79, 1}, {0.2, 0.8, 0}},
		canvas.Rectangle: {{0.2, 0.5, 1}, {0.5, 0.8, 1}, {0.5, 0.5, 0}, {0.05, 0.5, 0}},
		canvas.Ellipse:   {{0.2, 0.5, 1}, {0.5, 0.8, 1}, {0.5, 0.5, 0}, {0.22, 0.22, 0}},
	} {
		t.Run(string(tool), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.start()
			s := shape("1")
			s.Tool, s.Points = tool, []float64{0.2, 0.2, 0.8, 0.8}
			_, err := w.Draw(t.Context(), w.agent, c.ID, s)
			w.must(err)
			d, err := w.Picture(t.Context(), w.agent, c.ID, canvas.Whole)
			w.must(err)
			for _, p := range places {
				if got := colourAt(t, d.PNG, p[0], p[1]); (got.G < 128) != (p[2] == 1) {
					t.Errorf("at %v: %v", p, got)
				}
			}
		})
	}
	w := newWorld(t)
	c := w.start()
	s := shape("1")
	s.Tool = canvas.Highlighter
	_, err := w.Draw(t.Context(), w.agent, c.ID, s)
	w.must(err)
	d, err := w.Picture(t.Context(), w.agent, c.ID, canvas.Whole)
	w.must(err)
	if got := colourAt(t, d.PNG, 0.5, 0.5); got.R != 255 || got.G < 140 || got.G > 165 {
		t.Errorf("what is highlighted does not shine through: %v", got)
	}
}

func TestAddressesAreSignedAndStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.start()
	token := w.Token("main", c.ID)
	got, err := w.Named(t.Context(), token)
	w.must(err)
	if got.ID != c.ID {
		t.Fatalf("%+v", got)
	}
	for _, bad := range []string{"", "a.b.c", token + "x", strings.Replace(token, "main", "other", 1), strings.Replace(token, string(c.ID), id.New(), 1)} {
		_, err := w.Named(t.Context(), bad)
		w.reason(err, errs.Forbidden, "bad_signature")
	}
	w.clock.Advance(22 * 24 * time.Hour)
	if w.Token("main", c.ID) != token {
		t.Fatal("the address changed within its term")
	}
	w.clock.Advance(2 * 24 * time.Hour)
	next := w.Token("main", c.ID)
	if _, err := w.Named(t.Context(), next); err != nil || next == token {
		t.Fatalf("%v %s", err, next)
	}
	w.clock.Advance(8 * 24 * time.Hour)
	_, err = w.Named(t.Context(), token)
	w.reason(err, errs.Forbidden, "bad_signature")
}

func TestWhatIsNoMarkIsRefused(t *testing.T) {
	t.Parallel()
	for reason, change := range map[string]func(*canvas.Shape){
		"bad_mark_id":  func(s *canvas.Shape) { s.ID = strings.Repeat("x", 41) },
		"unknown_tool": func(s *canvas.Shape) { s.Tool = "eraser" },
		"bad_color":    func(s *canvas.Shape) { s.Colour = "red" },
		"out_of_range": func(s *canvas.Shape) { s.Width = 61 },
	} {
		s := shape("1")
		change(&s)
		if err := s.Check(); errs.ReasonOf(err) != reason || errs.CodeOf(err) != errs.Invalid {
			t.Errorf("%s: %v", reason, err)
		}
	}
	for name, points := range map[string][]float64{"odd": {0, 0, 1}, "none": nil, "outside": {0, 1.01}, "not a number": {math.NaN(), 0}, "many": make([]float64, 2*canvas.MaxPoints+2)} {
		s := shape("1")
		s.Points = points
		if err := s.Check(); errs.ReasonOf(err) != "bad_points" {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := shape("1")
	s.Tool, s.Points = canvas.Ellipse, []float64{0, 0}
	if err := s.Check(); errs.ReasonOf(err) != "bad_points" {
		t.Error(err)
	}
}

func TestVisitorsDrawUnlessItIsSetOtherwise(t *testing.T) {
	t.Parallel()
	no := false
	if !(setting.Canvas{}).Draws() || (setting.Canvas{VisitorDraws: &no}).Draws() {
		t.Fatal("the default is not to draw, or the setting says nothing")
	}
}

// FuzzShape decodes what a client may send: it is refused as invalid, or a mark
// within all bounds that is the same when it is checked again.
func FuzzShape(f *testing.F) {
	f.Add([]byte(`{"id":"1","tool":"pen","colour":"#00ff00","width":3,"points":[0,0.123456,1,1]}`))
	f.Add([]byte(`{"id":"1","tool":"arrow","colour":"#00ff00","width":60,"points":[0,0]}`))
	f.Add([]byte(`{"id":"","points":[1e309]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s canvas.Shape
		if json.Unmarshal(data, &s) != nil {
			return
		}
		if err := s.Check(); err != nil {
			if errs.CodeOf(err) != errs.Invalid || errs.FieldOf(err) == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(s.Points) < 2 || len(s.Points) > 2*canvas.MaxPoints || s.Width > canvas.MaxWidth || len(s.ID) > canvas.MaxMarkID {
			t.Fatalf("%+v", s)
		}
		before := append([]float64{}, s.Points...)
		if err := s.Check(); err != nil {
			t.Fatalf("refused when checked again: %v", err)
		}
		for i, v := range s.Points {
			if v != before[i] || v < 0 || v > 1 {
				t.Fatalf("%v became %v", before[i], v)
			}
		}
	})
}
