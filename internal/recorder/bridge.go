package recorder

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"parlor/internal/actor"
	"parlor/internal/call"
	"parlor/internal/id"
)

// waitingSignals bounds the signals of a call that wait to be heard.
const waitingSignals = 256

// freshEvery is how often a whole picture is asked for, so that recordings can be
// searched and those who come back see something.
const freshEvery = 8 * time.Second

// The sides of a call, which are the indexes of everything that exists for both.
const (
	agent = iota
	visitor
)

func sideOf(k actor.Kind) int {
	if k == actor.Agent {
		return agent
	}
	return visitor
}

var kinds = [2]actor.Kind{actor.Agent, actor.Visitor}

// said is what browsers tell each other in a signal.
type said struct {
	Page      string                   `json:"page,omitempty"`
	Restart   bool                     `json:"restart,omitempty"`
	Turn      string                   `json:"turn,omitempty"`
	SDP       string                   `json:"sdp,omitempty"`
	Candidate *webrtc.ICECandidateInit `json:"candidate,omitempty"`
}

// bridge is one call that is recorded. Its run goroutine alone hears signals and makes
// connections; packets pass on those of the connections.
type bridge struct {
	r     *Recorder
	call  call.Call
	page  string
	heard chan call.Signal
	over  chan struct{}
	began time.Time
	// alive is when a signal or packet came last, in nanoseconds after began.
	alive atomic.Int64

	mu     sync.Mutex
	legs   [2]*leg
	states [2]string
	splice [2][2]splice
	takes  [2]*taker
}

// leg is the connection to the browser of one side.
type leg struct {
	pc         *webrtc.PeerConnection
	turn, page string
	out        [2]*webrtc.TrackLocalStaticRTP
	waiting    []webrtc.ICECandidateInit
	// ways are those of this end that wait for its description to be sent: a page knows
	// nothing to do with one that comes before. described is true from then on.
	ways      []webrtc.ICECandidateInit
	described bool
	// source is the picture that comes from it.
	source webrtc.SSRC
}

func newBridge(r *Recorder, c call.Call) *bridge {
	b := &bridge{r: r, call: c, page: id.New(), heard: make(chan call.Signal, waitingSignals), over: make(chan struct{}), began: time.Now()}
	for i := range b.takes {
		b.takes[i] = &taker{b: b, side: i}
	}
	return b
}

// run hears what the browsers say until the call is over.
func (b *bridge) run() {
	defer b.r.finishing.Done()
	tick := time.NewTicker(freshEvery)
	defer tick.Stop()
	look := time.NewTicker(b.r.opts.Idle / 2)
	defer look.Stop()
	for {
		select {
		case s := <-b.heard:
			b.alive.Store(int64(time.Since(b.began)))
			if err := b.hear(s); err != nil {
				b.r.opts.Log.Warn("signal of a recorded call", "call", b.call.ID, "from", s.From, "type", s.Type, "error", err)
			}
		case <-tick.C:
			b.fresh(agent)
			b.fresh(visitor)
		case <-look.C:
			if idle := time.Since(b.began) - time.Duration(b.alive.Load()); idle > b.r.opts.Idle {
				// That the call is over was not told here.
				b.r.End(b.call.ID)
				b.r.opts.Log.Warn("recording of a silent call ended", "call", b.call.ID, "silent", idle)
			}
		case <-b.over:
			b.end()
			return
		}
	}
}

// end closes both connections and hands over the files.
func (b *bridge) end() {
	b.mu.Lock()
	legs := b.legs
	b.legs = [2]*leg{}
	b.mu.Unlock()
	for _, l := range legs {
		if l != nil {
			if err := l.pc.Close(); err != nil {
				b.r.opts.Log.Warn("connection of a recorded call", "call", b.call.ID, "error", err)
			}
		}
	}
	for _, t := range b.takes {
		t.finish()
	}
}

// say sends a signal to a side.
func (b *bridge) say(to int, kind string, v any) error {
	data, err := json.Marshal(v)
	if err == nil {
		b.r.opts.Say(b.call, kinds[to], call.Signal{Call: b.call.ID, From: kinds[1-to], Type: kind, Data: string(data)})
	}
	return err
}

// hear answers a signal as the browser of the other side would.
func (b *bridge) hear(s call.Signal) error {
	from := sideOf(s.From)
	if s.Type == "state" { // it tells the people what is switched off
		b.mu.Lock()
		b.states[from] = s.Data
		b.mu.Unlock()
		b.tellState(1 - from)
		return nil
	}
	var d said
	if err := json.Unmarshal([]byte(s.Data), &d); err != nil {
		return err
	}
	l := b.leg(from)
	switch {
	case s.Type == "candidate" && l != nil && d.Turn == l.turn && d.Candidate != nil:
		return l.add(*d.Candidate)
	case s.Type == "ready" && from == agent:
		return b.say(agent, "ready", said{Page: b.page})
	case s.Type == "offer" && from == agent:
		return b.answer(d)
	case s.Type == "ready" && (l == nil || d.Page != l.page):
		return b.offer(d.Page)
	case s.Type == "ready" && (d.Restart || l.pc.ConnectionState() == webrtc.PeerConnectionStateFailed):
		return b.restart(l)
	case s.Type == "answer" && from == visitor && l != nil && d.Turn == l.turn && l.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer:
		return l.set(webrtc.SDPTypeAnswer, d.SDP)
	}
	return nil
}

// maxWaiting bounds the ways that wait for a description.
const maxWaiting = 100

// add takes a way to reach the browser; before its description it waits.
func (l *leg) add(c webrtc.ICECandidateInit) error {
	if l.pc.RemoteDescription() != nil {
		return l.pc.AddICECandidate(c)
	}
	if len(l.waiting) < maxWaiting {
		l.waiting = append(l.waiting, c)
	}
	return nil
}

// set takes the browser's description, and the ways that came before it.
func (l *leg) set(kind webrtc.SDPType, sdp string) error {
	err := l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: sdp})
	for _, c := range l.waiting {
		if err == nil {
			err = l.pc.AddICECandidate(c)
		}
	}
	l.waiting = nil
	return err
}

// answer answers an offer of the agent's browser: of a new turn by a new connection.
func (b *bridge) answer(d said) error {
	l := b.leg(agent)
	if l == nil || l.turn != d.Turn {
		var err error
		if l, err = b.open(agent, d.Turn, ""); err != nil {
			return err
		}
	}
	b.mu.Lock()
	l.described = false
	b.mu.Unlock()
	if err := l.set(webrtc.SDPTypeOffer, d.SDP); err != nil {
		return err
	}
	if len(l.pc.GetSenders()) == 0 || l.pc.GetSenders()[0].Track() == nil {
		if err := b.supply(l, agent); err != nil {
			return err
		}
	}
	got, err := l.pc.CreateAnswer(nil)
	if err == nil {
		err = l.pc.SetLocalDescription(got)
	}
	if err != nil {
		return err
	}
	return b.describe(l, agent, "answer", got.SDP)
}

// offer makes a connection to the visitor's browser.
func (b *bridge) offer(page string) error {
	l, err := b.open(visitor, id.New(), page)
	if err == nil {
		err = b.supply(l, visitor)
	}
	if err != nil {
		return err
	}
	return b.propose(l, nil)
}

// restart looks for another way to the visitor's browser.
func (b *bridge) restart(l *leg) error {
	if l.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer {
		return b.say(visitor, "offer", said{Turn: l.turn, SDP: l.pc.LocalDescription().SDP}) // it was lost
	}
	return b.propose(l, &webrtc.OfferOptions{ICERestart: true})
}

func (b *bridge) propose(l *leg, o *webrtc.OfferOptions) error {
	b.mu.Lock()
	l.described = false
	b.mu.Unlock()
	got, err := l.pc.CreateOffer(o)
	if err == nil {
		err = l.pc.SetLocalDescription(got)
	}
	if err != nil {
		return err
	}
	return b.describe(l, visitor, "offer", got.SDP)
}

// describe sends the description of this end, and then the ways that waited for it.
func (b *bridge) describe(l *leg, side int, kind, sdp string) error {
	if err := b.say(side, kind, said{Turn: l.turn, SDP: sdp}); err != nil {
		return err
	}
	b.mu.Lock()
	ways := l.ways
	l.ways, l.described = nil, true
	b.mu.Unlock()
	for _, c := range ways {
		b.way(l, side, c)
	}
	return nil
}

// way tells a side's browser of a way to reach this end.
func (b *bridge) way(l *leg, side int, c webrtc.ICECandidateInit) {
	b.mu.Lock()
	wait := !l.described
	if wait {
		l.ways = append(l.ways, c)
	}
	b.mu.Unlock()
	if wait {
		return
	}
	if err := b.say(side, "candidate", said{Turn: l.turn, Candidate: &c}); err != nil {
		b.r.opts.Log.Warn("way of a recorded call", "call", b.call.ID, "error", err)
	}
}

// supply gives a connection the tracks by which the other side is heard and seen.
func (b *bridge) supply(l *leg, to int) error {
	for kind, mime := range []string{webrtc.MimeTypeOpus, webrtc.MimeTypeVP8} {
		t, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, []string{"sound", "picture"}[kind], string(kinds[1-to]))
		if err != nil {
			return err
		}
		sender, err := l.pc.AddTrack(t)
		if err != nil {
			return err
		}
		b.mu.Lock()
		l.out[kind] = t
		b.mu.Unlock()
		go b.feedback(sender, 1-to)
	}
	return nil
}

// feedback asks a side for a whole picture when the other side's browser does.
func (b *bridge) feedback(sender *webrtc.RTPSender, source int) {
	for {
		list, _, err := sender.ReadRTCP()
		if err != nil {
			return // the connection is closed
		}
		for _, p := range list {
			switch p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				b.fresh(source)
			}
		}
	}
}

// fresh asks a side for a whole picture.
func (b *bridge) fresh(side int) {
	b.mu.Lock()
	l := b.legs[side]
	source := webrtc.SSRC(0)
	if l != nil {
		source = l.source
	}
	b.mu.Unlock()
	if source != 0 {
		// A connection that has just been closed needs none.
		_ = l.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(source)}})
	}
}

func (b *bridge) leg(side int) *leg {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.legs[side]
}

// tellState tells a side what the other one has switched off.
func (b *bridge) tellState(to int) {
	b.mu.Lock()
	data := b.states[1-to]
	b.mu.Unlock()
	if data != "" {
		b.r.opts.Say(b.call, kinds[to], call.Signal{Call: b.call.ID, From: kinds[1-to], Type: "state", Data: data})
	}
}

// open makes a connection to one side in place of the one before.
func (b *bridge) open(side int, turn, page string) (*leg, error) {
	pc, err := b.r.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	l := &leg{pc: pc, turn: turn, page: page}
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			b.way(l, side, c.ToJSON())
		}
	})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			b.tellState(side)
			b.fresh(1 - side)
		}
	})
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { b.carry(l, side, t) })
	b.mu.Lock()
	old := b.legs[side]
	b.legs[side] = l
	b.mu.Unlock()
	if old != nil {
		err = old.pc.Close()
	}
	return l, err
}

// carry passes the packets of a track to the other side and to the file.
func (b *bridge) carry(l *leg, side int, t *webrtc.TrackRemote) {
	kind := sound
	if t.Kind() == webrtc.RTPCodecTypeVideo {
		kind = picture
		b.mu.Lock()
		l.source = t.SSRC()
		b.mu.Unlock()
		b.fresh(side)
	}
	source := b.takes[side].source(kind)
	for first := true; ; first = false {
		p, _, err := t.ReadRTP()
		if err != nil {
			return // the connection is closed
		}
		b.alive.Store(int64(time.Since(b.began)))
		on := *p
		b.mu.Lock()
		var out *webrtc.TrackLocalStaticRTP
		if b.legs[side] == l && b.legs[1-side] != nil {
			out = b.legs[1-side].out[kind]
		}
		on.SequenceNumber, on.Timestamp = b.splice[side][kind].next(p.SequenceNumber, p.Timestamp, first)
		b.mu.Unlock()
		// The numbers of extensions hold for one connection only.
		on.Extension, on.Extensions, on.ExtensionProfile, on.CSRC = false, nil, 0, nil
		if out != nil {
			_ = out.WriteRTP(&on) // a connection that is not there yet misses it
		}
		if source.push(packet{p.SequenceNumber, p.Timestamp, p.Marker, p.Payload}) {
			b.fresh(side)
		}
	}
}

// splice makes one stream of those that follow each other when a page comes back.
type splice struct {
	seq  uint16
	time uint32
	// addSeq and addTime turn the numbers of the present source into those of the stream.
	addSeq  uint16
	addTime uint32
	used    bool
}

// next returns the numbers of a packet in the stream; first tells of a new source.
func (s *splice) next(seq uint16, at uint32, first bool) (uint16, uint32) {
	if first && s.used {
		s.addSeq, s.addTime = s.seq+1-seq, s.time+1-at
	}
	seq, at = seq+s.addSeq, at+s.addTime
	if !s.used || seq-s.seq < 1<<15 {
		s.seq, s.time = seq, at
	}
	s.used = true
	return seq, at
}
