// Package recorder keeps the picture and sound of calls. It is the other end for both
// browsers of a call that is recorded: to the agent's it speaks as the visitor's would,
// to the visitor's as the agent's, passes on what it gets, and writes what each side
// sends to a WebM file (VP8 and Opus, as they come; nothing is encoded anew).
//
// All calls share one UDP port. A node records the calls that were answered on it; what
// it had written when it died is found at its next start.
package recorder

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"parlor/internal/actor"
	"parlor/internal/call"
	"parlor/internal/id"
	"parlor/internal/relay"
)

// Options are how a recorder is made.
type Options struct {
	// Listen is host:port, UDP.
	Listen string
	// PublicIP is the address under which people reach the machine; empty names its own
	// addresses.
	PublicIP string
	// Dir is the folder in which files grow; it is created.
	Dir string
	// Most bounds the calls that are recorded at once.
	Most int
	// Idle is how long nothing may come before a recording ends by itself, for its room is
	// needed; 0 is DefaultIdle.
	Idle time.Duration
	// Say sends a signal to one side of a call, as if the other side had sent it.
	Say func(c call.Call, to actor.Kind, s call.Signal)
	// Done gets each file that is finished. It may block.
	Done func(call.Take)
	Log  *slog.Logger
}

// DefaultIdle is far longer than a call goes on whose pages are gone.
const DefaultIdle = 10 * time.Minute

// Recorder records calls. Open makes it.
type Recorder struct {
	opts Options
	api  *webrtc.API
	mux  io.Closer
	udp  net.PacketConn

	mu      sync.Mutex
	bridges map[id.Call]*bridge
	shut    bool
	// finishing counts bridges that are not closed yet.
	finishing sync.WaitGroup
}

// Open listens and hands over what an earlier process has left.
func Open(o Options) (*Recorder, error) {
	if o.Idle <= 0 {
		o.Idle = DefaultIdle
	}
	if err := os.MkdirAll(o.Dir, 0o750); err != nil {
		return nil, err
	}
	udp, err := net.ListenPacket("udp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("record-listen: %w", err)
	}
	quiet := quietFor(webrtc.NewICEUDPMux)
	mux := webrtc.NewICEUDPMux(quiet.NewLogger("mux"), udp)
	r := &Recorder{opts: o, udp: udp, mux: mux, bridges: map[id.Call]*bridge{}}
	s := webrtc.SettingEngine{LoggerFactory: quiet}
	s.SetICEUDPMux(mux)
	if r.api, err = newAPI(o, s, udp); err != nil {
		return nil, errors.Join(err, r.mux.Close())
	}
	if err = r.leftovers(); err != nil {
		return nil, errors.Join(err, r.mux.Close())
	}
	return r, nil
}

// quietFor returns the factory of loggers of the type that fn takes: what matters comes as
// an error or as a change of state.
func quietFor[L, M any](_ func(L, net.PacketConn) M) relay.Quiet[L] { return relay.Quiet[L]{} }

// The payload types of the two codecs.
const (
	opus = 111
	vp8  = 96
)

// noMDNS keeps addresses as they are: those of the server are no secret.
const noMDNS = 1

func newAPI(o Options, s webrtc.SettingEngine, udp net.PacketConn) (*webrtc.API, error) {
	m := &webrtc.MediaEngine{}
	feedback := []webrtc.RTCPFeedback{{Type: "goog-remb"}, {Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	err := errors.Join(
		m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48_000, Channels: 2,
			SDPFmtpLine: "minptime=10;useinbandfec=1"}, PayloadType: opus}, webrtc.RTPCodecTypeAudio),
		m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90_000,
			RTCPFeedback: feedback}, PayloadType: vp8}, webrtc.RTPCodecTypeVideo))
	if err != nil {
		return nil, err
	}
	s.SetICEMulticastDNSMode(noMDNS)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.SetIncludeLoopbackCandidate(udp.LocalAddr().(*net.UDPAddr).IP.IsLoopback())
	s.SetICETimeouts(5*time.Second, 60*time.Second, 2*time.Second)
	if o.PublicIP != "" {
		if err = s.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{External: []string{o.PublicIP}, AsCandidateType: webrtc.ICECandidateTypeHost,
			Mode: webrtc.ICEAddressRewriteReplace}); err != nil {
			return nil, err
		}
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s)), nil
}

// Port is the UDP port of all calls.
func (r *Recorder) Port() int { return r.udp.LocalAddr().(*net.UDPAddr).Port }

// Room reports whether one more call can be recorded.
func (r *Recorder) Room() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.shut && len(r.bridges) < r.opts.Most
}

// Begin makes the recorder the other end for both sides of a call, until End. It
// reports false if there is no room.
func (r *Recorder) Begin(c call.Call) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, there := r.bridges[c.ID]; there {
		return true
	}
	if r.shut || len(r.bridges) >= r.opts.Most {
		return false
	}
	b := newBridge(r, c)
	r.bridges[c.ID] = b
	r.finishing.Add(1)
	go b.run()
	return true
}

// Hear takes what a side of a call says; it does not block. It is lost if the call is
// not recorded here, or if too much waits: browsers repeat what matters.
func (r *Recorder) Hear(s *call.Signal) {
	r.mu.Lock()
	b := r.bridges[s.Call]
	r.mu.Unlock()
	if b == nil {
		return
	}
	select {
	case b.heard <- *s:
	default:
		r.opts.Log.Warn("signal of a recorded call dropped", "call", s.Call)
	}
}

// End ends the recording of a call, if it is recorded here. It does not block.
func (r *Recorder) End(c id.Call) {
	r.mu.Lock()
	b := r.bridges[c]
	delete(r.bridges, c)
	r.mu.Unlock()
	if b != nil {
		close(b.over)
	}
}

// Close ends all recordings and returns when their files were handed over.
func (r *Recorder) Close() error {
	r.mu.Lock()
	r.shut = true
	for c, b := range r.bridges {
		delete(r.bridges, c)
		close(b.over)
	}
	r.mu.Unlock()
	r.finishing.Wait()
	return errors.Join(r.mux.Close(), ignoreClosed(r.udp.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// ext marks files that are being written.
const ext = ".webm"

// leftovers hands over the files of a process that died. Their length is that of their
// time on disk.
func (r *Recorder) leftovers() error {
	list, err := os.ReadDir(r.opts.Dir)
	if err != nil {
		return err
	}
	for _, e := range list {
		t, ok := takeOf(strings.TrimSuffix(e.Name(), ext))
		if !ok || e.IsDir() {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		t.Path, t.Size = filepath.Join(r.opts.Dir, e.Name()), info.Size()
		t.Length = max(info.ModTime().Sub(t.Began), 0)
		if t.Size == 0 {
			if err = os.Remove(t.Path); err != nil {
				return err
			}
			continue
		}
		r.opts.Done(t)
	}
	return nil
}
