package recorder

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"parlor/internal/actor"
	"parlor/internal/call"
	"parlor/internal/id"
)

// page is a browser in a call, which speaks as the pages do.
type page struct {
	t     *testing.T
	side  actor.Kind
	name  string
	say   func(call.Signal)
	heard chan call.Signal
	out   [2]*webrtc.TrackLocalStaticSample

	mu      sync.Mutex
	pc      *webrtc.PeerConnection
	turn    string
	waiting []webrtc.ICECandidateInit
	// got are the packets that came, by kind; states what the other side has told.
	got    [2]chan []byte
	states chan string
	// whole counts the times a whole picture was asked for.
	whole chan struct{}
}

func newPage(t *testing.T, side actor.Kind, say func(call.Signal)) *page {
	p := &page{t: t, side: side, name: id.New(), say: say, heard: make(chan call.Signal, 500), states: make(chan string, 10), whole: make(chan struct{}, 100)}
	for kind, mime := range []string{webrtc.MimeTypeOpus, webrtc.MimeTypeVP8} {
		p.got[kind] = make(chan []byte, 10_000)
		var err error
		if p.out[kind], err = webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, "t", "s"); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		for s := range p.heard {
			if err := p.hear(s); err != nil {
				t.Errorf("%s: %s: %v", side, s.Type, err)
			}
		}
	}()
	return p
}

func (p *page) tell(kind string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		p.t.Error(err)
	}
	p.say(call.Signal{From: p.side, Type: kind, Data: string(b)})
}

func (p *page) open(turn string) error {
	s := webrtc.SettingEngine{}
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(noMDNS)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	p.pc, p.turn, p.waiting = pc, turn, nil
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			way := c.ToJSON()
			p.tell("candidate", said{Turn: turn, Candidate: &way})
		}
	})
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		kind := sound
		if t.Kind() == webrtc.RTPCodecTypeVideo {
			kind = picture
		}
		for {
			packet, _, err := t.ReadRTP()
			if err != nil {
				return
			}
			p.got[kind] <- packet.Payload
		}
	})
	return nil
}

func (p *page) tracks() error {
	for kind, t := range p.out {
		sender, err := p.pc.AddTrack(t)
		if err != nil {
			return err
		}
		go func() {
			for {
				list, _, err := sender.ReadRTCP()
				if err != nil {
					return
				}
				for range list {
					if kind == picture {
						select {
						case p.whole <- struct{}{}:
						default:
						}
					}
				}
			}
		}()
	}
	return nil
}

// hear is what Peer of the pages does, without its timers.
func (p *page) hear(s call.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.Type == "state" {
		p.states <- s.Data
		return nil
	}
	var d said
	if err := json.Unmarshal([]byte(s.Data), &d); err != nil {
		return err
	}
	switch {
	case s.Type == "ready" && p.side == actor.Agent:
		if err := p.open(id.New()); err != nil {
			return err
		}
		if err := p.tracks(); err != nil {
			return err
		}
		o, err := p.pc.CreateOffer(nil)
		if err != nil {
			return err
		}
		if err = p.pc.SetLocalDescription(o); err != nil {
			return err
		}
		p.tell("offer", said{Turn: p.turn, SDP: o.SDP})
	case s.Type == "offer":
		fresh := d.Turn != p.turn
		if fresh {
			if err := p.open(d.Turn); err != nil {
				return err
			}
		}
		if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: d.SDP}); err != nil {
			return err
		}
		if fresh {
			if err := p.tracks(); err != nil {
				return err
			}
		}
		a, err := p.pc.CreateAnswer(nil)
		if err != nil {
			return err
		}
		if err = p.pc.SetLocalDescription(a); err != nil {
			return err
		}
		p.tell("answer", said{Turn: p.turn, SDP: a.SDP})
		return p.flush()
	case s.Type == "answer" && d.Turn == p.turn:
		if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: d.SDP}); err != nil {
			return err
		}
		return p.flush()
	case s.Type == "candidate" && d.Turn == p.turn:
		if p.pc.RemoteDescription() == nil {
			p.waiting = append(p.waiting, *d.Candidate)
			return nil
		}
		return p.pc.AddICECandidate(*d.Candidate)
	}
	return nil
}

func (p *page) flush() error {
	for _, c := range p.waiting {
		if err := p.pc.AddICECandidate(c); err != nil {
			return err
		}
	}
	p.waiting = nil
	return nil
}

func (p *page) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pc != nil {
		if err := p.pc.Close(); err != nil {
			p.t.Error(err)
		}
	}
}

// still is a picture of VP8 as far as anybody here looks into it.
func still(key bool, n byte) []byte {
	b := bytes.Repeat([]byte{n}, 3_000) // more than one packet
	b[0] = 0x01
	if key {
		copy(b, []byte{0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 1, 0xF0, 0}) // 320 x 240
	}
	return b
}

// send sends pictures and sound until stop; real time passes between them, as it does
// for browsers.
func (p *page) send(stop <-chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		key := n%25 == 0
		select {
		case <-p.whole:
			key = true
		default:
		}
		if err := p.out[picture].WriteSample(media.Sample{Data: still(key, byte(n)), Duration: 20 * time.Millisecond}); err != nil {
			p.t.Error(err)
		}
		if err := p.out[sound].WriteSample(media.Sample{Data: []byte{0xF8, byte(n), 1}, Duration: 20 * time.Millisecond}); err != nil {
			p.t.Error(err)
		}
	}
}

// await waits for packets of both kinds.
func (p *page) await(n int) {
	p.t.Helper()
	for kind := range p.got {
		for range n {
			select {
			case <-p.got[kind]:
			case <-time.After(20 * time.Second):
				p.t.Fatalf("%s: too few packets of kind %d", p.side, kind)
			}
		}
	}
}

// house is a recorder with the pages of one call.
type house struct {
	*Recorder
	call  call.Call
	takes chan call.Take

	mu    sync.Mutex
	pages [2]*page
}

func newHouse(t *testing.T, dir string) *house {
	h := &house{call: call.Call{ID: id.Call(id.New()), Tenant: "main", Kind: call.Video, Recorded: true}, takes: make(chan call.Take, 20)}
	var err error
	h.Recorder, err = Open(Options{Listen: "127.0.0.1:0", Dir: dir, Most: 1, Log: slog.New(slog.DiscardHandler),
		Say: func(_ call.Call, to actor.Kind, s call.Signal) {
			h.mu.Lock()
			defer h.mu.Unlock()
			if p := h.pages[sideOf(to)]; p != nil {
				p.heard <- s
			}
		},
		Done: func(x call.Take) { h.takes <- x }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// enter lets a page come, in place of one that was there, and say that it is ready.
func (h *house) enter(t *testing.T, side actor.Kind) *page {
	p := newPage(t, side, func(s call.Signal) { s.Call = h.call.ID; h.Hear(&s) })
	h.mu.Lock()
	old := h.pages[sideOf(side)]
	h.pages[sideOf(side)] = p
	h.mu.Unlock()
	if old != nil {
		old.close()
	}
	t.Cleanup(p.close)
	p.tell("ready", said{Page: p.name})
	return p
}

// part is what a WebM file says, as far as tests look at it.
type part struct {
	name     uint32
	at       int64
	data     []byte
	children []part
}

// parents are the elements with others in them.
var parents = []uint32{idSegment, idSeekHead, idSeek, idInfo, idTracks, idTrack, idVideo, idCluster, idCues, idCue, idCuePlace}

// parts reads elements; at is where b lies in the file.
func parts(t *testing.T, b []byte, at int64) (list []part) {
	t.Helper()
	for len(b) > 0 {
		first := b
		vint := func(mark bool) uint64 {
			n := 1
			for b[0]&(0x80>>(n-1)) == 0 {
				n++
			}
			v := uint64(b[0])
			if !mark {
				v &= 1<<(8-n) - 1
			}
			for _, c := range b[1:n] {
				v = v<<8 | uint64(c)
			}
			b = b[n:]
			return v
		}
		x := part{name: uint32(vint(true)), at: at}
		size := vint(false)
		if size > uint64(len(b)) {
			t.Fatalf("element %x at %d has %d bytes, %d are left", x.name, at, size, len(b))
		}
		x.data = b[:size]
		if slices.Contains(parents, x.name) {
			x.children = parts(t, x.data, at+int64(len(first)-len(b)))
		}
		b = b[size:]
		at += int64(len(first) - len(b))
		list = append(list, x)
	}
	return list
}

func (p part) find(names ...uint32) (list []part) {
	list = []part{p}
	for _, name := range names {
		var next []part
		for _, x := range list {
			for _, c := range x.children {
				if c.name == name {
					next = append(next, c)
				}
			}
		}
		list = next
	}
	return list
}

func (p part) uint() (v uint64) {
	for _, c := range p.data {
		v = v<<8 | uint64(c)
	}
	return v
}

// film is a file as a player sees it.
type film struct {
	width, height  int
	blocks         [2]int
	first, longest time.Duration
	cues           int
}

func watch(t *testing.T, x call.Take) (f film) {
	t.Helper()
	b, err := os.ReadFile(x.Path)
	if err != nil {
		t.Fatal(err)
	}
	top := parts(t, b, 0)
	if len(top) != 2 || top[0].name != idEBML || top[1].name != idSegment {
		t.Fatalf("%s is no WebM file", x.Path)
	}
	segment := top[1]
	begins := segment.at + 12
	if v := segment.find(idTracks, idTrack, idVideo); len(v) == 1 {
		f.width, f.height = int(v[0].find(idWidth)[0].uint()), int(v[0].find(idHeight)[0].uint())
	}
	clusters := map[uint64]uint64{} // by place, their times
	for _, c := range segment.find(idCluster) {
		clusters[uint64(c.at-begins)] = c.find(idTime)[0].uint()
		last := [2]int{-1 << 20, -1 << 20}
		for _, block := range c.find(idBlock) {
			kind, at := int(block.data[0]&0x7F)-1, int(int16(binary.BigEndian.Uint16(block.data[1:])))
			f.blocks[kind]++
			if at < last[kind] {
				t.Errorf("%s: a frame of kind %d goes back in time", x.Path, kind)
			}
			last[kind] = at
			f.longest = max(f.longest, time.Duration(int(c.find(idTime)[0].uint())+at)*time.Millisecond)
		}
	}
	for _, c := range segment.find(idCues, idCue) {
		f.cues++
		if at, ok := clusters[c.find(idCuePlace, idCuePosition)[0].uint()]; !ok || at != c.find(idCueTime)[0].uint() {
			t.Errorf("%s: the index leads nowhere", x.Path)
		}
	}
	for _, s := range segment.find(idSeekHead, idSeek) {
		want, at := uint32(s.find(idSeekID)[0].uint()), int64(s.find(idSeekPosition)[0].uint())
		if !slices.ContainsFunc(segment.children, func(p part) bool { return p.name == want && p.at-begins == at }) {
			t.Errorf("%s: %x is not where the table says", x.Path, want)
		}
	}
	return f
}

func TestACallIsPassedOnAndKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t, t.TempDir())
	if !h.Room() || !h.Begin(h.call) || h.Room() {
		t.Fatal("one call has room, a second has none")
	}
	a, v := h.enter(t, actor.Agent), h.enter(t, actor.Visitor)
	stop := make(chan struct{})
	go a.send(stop)
	go v.send(stop)
	a.tell("state", map[string]bool{"mic": true, "camera": false})
	a.await(100)
	v.await(100)
	if got := <-v.states; got != `{"camera":false,"mic":true}` {
		t.Errorf("the visitor is told %s", got)
	}
	// The agent's page is loaded again: the visitor's connection stays, and what it gets goes on.
	old := v.pc
	again := h.enter(t, actor.Agent)
	go again.send(stop)
	again.await(50)
	for len(v.got[picture]) > 0 {
		<-v.got[picture]
	}
	v.await(50)
	v.mu.Lock()
	if v.pc != old {
		t.Error("the visitor had to connect anew")
	}
	v.mu.Unlock()
	close(stop)
	h.End(h.call.ID)
	sides := map[actor.Kind]film{}
	for range 2 {
		x := <-h.takes
		f := watch(t, x)
		sides[x.Side] = f
		if !x.Video || (x.Length-f.longest).Abs() > 2*time.Millisecond || x.Length < time.Second || x.Part != 0 || x.Call != h.call.ID || x.Tenant != "main" {
			t.Errorf("%+v, longest %v", x, f.longest)
		}
		if f.width != 320 || f.height != 240 || f.blocks[sound] < 50 || f.blocks[picture] < 50 || f.cues < 2 {
			t.Errorf("%s: %+v", x.Side, f)
		}
	}
	if len(sides) != 2 {
		t.Errorf("files of %v", sides)
	}
	if !h.Room() || h.Begin(h.call) == false {
		t.Error("no room after the end")
	}
}

func TestLeftoversAreHandedOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	began := time.Now().Add(-time.Minute).Truncate(time.Millisecond).UTC()
	take := call.Take{Tenant: "main", Call: id.Call(id.New()), Side: actor.Visitor, Part: 2, Offset: 1500 * time.Millisecond, Began: began}
	f := newFile(dir, take)
	for n := range 300 {
		if f.write(frame{kind: picture, key: n%10 == 0, at: time.Duration(n) * 33 * time.Millisecond, data: still(n%10 == 0, 1)}) {
			t.Fatal("the file is full")
		}
	}
	// The process dies here: neither the last cluster nor the index is written.
	for _, name := range []string{"notes.txt", "main." + id.New() + ".robot.0.0.0.webm", "a.b.webm"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := newHouse(t, dir)
	if len(h.takes) != 1 {
		t.Fatalf("%d files", len(h.takes))
	}
	got := <-h.takes
	if got.Call != take.Call || got.Side != take.Side || got.Part != 2 || got.Offset != take.Offset || !got.Began.Equal(began) || got.Size == 0 || got.Length <= 0 {
		t.Errorf("%+v", got)
	}
}

func TestAFileWithoutPictureHasSoundOnly(t *testing.T) {
	t.Parallel()
	f := newFile(t.TempDir(), call.Take{Tenant: "main", Call: id.Call(id.New()), Side: actor.Agent})
	for n := range 200 {
		if f.write(frame{kind: sound, key: true, at: time.Duration(n)*20*time.Millisecond + time.Second, data: []byte{1, 2, 3}}) {
			t.Fatal("full")
		}
	}
	take, ok, err := f.close()
	if err != nil || !ok || take.Video || take.Length != 199*20*time.Millisecond {
		t.Fatalf("%+v %v %v", take, ok, err)
	}
	if got := watch(t, take); got.blocks != [2]int{200, 0} || got.width != 0 || got.cues != 4 {
		t.Errorf("%+v", got)
	}
}

func TestAFullDiskEndsAFileWithAnError(t *testing.T) {
	t.Parallel()
	f := newFile(filepath.Join(t.TempDir(), "missing"), call.Take{Call: id.Call(id.New()), Side: actor.Agent})
	if !f.write(frame{kind: picture, key: true, data: still(true, 1)}) {
		t.Error("a file that cannot be made goes on")
	}
	if _, ok, err := f.close(); ok || err == nil {
		t.Errorf("ok %v, error %v", ok, err)
	}
}

func TestSpliceGoesOn(t *testing.T) {
	t.Parallel()
	var s splice
	seq, at := s.next(65_534, 1_000, true)
	if seq != 65_534 || at != 1_000 {
		t.Fatal(seq, at)
	}
	s.next(65_535, 1_900, false)
	s.next(65_533, 100, false) // late
	if seq, at = s.next(7, 5, true); seq != 0 || at != 1_901 {
		t.Fatal(seq, at)
	}
	if seq, at = s.next(8, 905, false); seq != 1 || at != 2_801 {
		t.Fatal(seq, at)
	}
}

func TestPacketsComeInOrder(t *testing.T) {
	t.Parallel()
	o := order{late: 3}
	pull := func() (list []uint16, lost int) {
		for {
			p, gap, ok := o.pop()
			if gap {
				lost++
			}
			if !ok {
				return list, lost
			}
			list = append(list, p.seq)
		}
	}
	for _, x := range []struct {
		in   []uint16
		want []uint16
		lost int
	}{
		{[]uint16{65_534}, []uint16{65_534}, 0},
		{[]uint16{0, 1}, nil, 0},                                 // 65535 is missing
		{[]uint16{65_535, 65_535, 0}, []uint16{65_535, 0, 1}, 0}, // it came late, and twice
		{[]uint16{1, 65_530}, nil, 0},                            // long gone
		{[]uint16{3, 4}, nil, 0},                                 // 2 is missing
		{[]uint16{5}, []uint16{3, 4, 5}, 1},                      // it is lost
		{[]uint16{2}, nil, 0},                                    // too late
		{[]uint16{9_000, 9_001}, []uint16{9_000, 9_001}, 1},      // another beginning: what it builds on is not there
		{[]uint16{9_003, 9_010}, []uint16{9_003}, 2},             // 9002 is lost, and 9004 to 9007
	} {
		for _, seq := range x.in {
			o.push(packet{seq: seq})
		}
		if got, lost := pull(); !slices.Equal(got, x.want) || lost != x.lost {
			t.Errorf("after %v: %v with %d gaps, want %v with %d", x.in, got, lost, x.want, x.lost)
		}
	}
}

func TestPicturesAreWhole(t *testing.T) {
	t.Parallel()
	a := assembler{kind: picture}
	begin, more := []byte{0x10, 'a'}, []byte{0, 'b'}
	long := []byte{0x90, 0xF0, 0x81, 0x02, 1, 2, 'x'} // picture id of two bytes, level, layer
	for i, x := range []struct {
		p    packet
		lost bool
		want string
	}{
		{packet{at: 1, data: more, marker: true}, false, ""}, // its beginning is not there
		{packet{at: 2, data: begin}, false, ""},
		{packet{at: 2}, false, ""}, // padding
		{packet{at: 2, data: more, marker: true}, false, "ab"},
		{packet{at: 2, marker: true}, false, ""},
		{packet{at: 3, data: begin}, false, ""},
		{packet{at: 3, data: more, marker: true}, true, ""}, // something between was lost
		{packet{at: 4, data: begin}, false, ""},
		{packet{at: 5, data: more, marker: true}, false, ""}, // of another picture
		{packet{at: 6, data: long, marker: true}, false, "x"},
		{packet{at: 7, data: []byte{0x90, 0x80}, marker: true}, false, ""}, // cut off
	} {
		if x.lost {
			a.gap()
		}
		if got, ok := a.add(x.p); string(got) != x.want || ok != (x.want != "") {
			t.Errorf("%d: %q %v, want %q", i, got, ok, x.want)
		}
	}
}

func FuzzPackets(f *testing.F) {
	f.Add([]byte{0x90, 0x80, 0x81, 0x02, 0x10, 0, 0, 0x9D, 1, 0x2A, 1, 0, 1, 0}, uint16(3), true)
	f.Add([]byte{0x80, 0xF0, 0x80}, uint16(2_000), false)
	f.Fuzz(func(t *testing.T, b []byte, leap uint16, marker bool) {
		s := (&taker{done: true, b: &bridge{}}).source(picture)
		for n := range uint16(20) {
			s.push(packet{seq: n * leap, at: uint32(n / 3), data: b, marker: marker})
		}
		if got, ok := (&assembler{kind: picture}).add(packet{data: b, marker: true}); ok && (len(got) == 0 || len(got) >= len(b)) {
			t.Errorf("%x gives %x", b, got)
		}
		if w, h := sizeOf(b); w < 0 || w > 0x3FFF || h < 0 || h > 0x3FFF {
			t.Error(w, h)
		}
	})
}

func FuzzSignals(f *testing.F) {
	f.Add("agent", "offer", `{"turn":"x","sdp":"v=0"}`)
	f.Add("visitor", "candidate", `{"turn":"x","candidate":{"candidate":"candidate:1 1 udp 1 1.1.1.1 1 typ host"}}`)
	f.Add("visitor", "ready", `{"page":"p"}`)
	f.Fuzz(func(t *testing.T, side, kind, data string) {
		r := &Recorder{opts: Options{Say: func(call.Call, actor.Kind, call.Signal) {}, Log: slog.New(slog.DiscardHandler)}, api: webrtc.NewAPI()}
		b := newBridge(r, call.Call{ID: "c"})
		_ = b.hear(call.Signal{From: actor.Kind(side), Type: kind, Data: data}) // it must not panic
		b.end()
	})
}
