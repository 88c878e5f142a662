package server

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"parlor/internal/actor"
	calls "parlor/internal/call"
	"parlor/internal/config"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/recorder"
	"parlor/internal/relay"
	"parlor/internal/sign"
)

// callDomain builds the domain of calls.
func (s *Server) callDomain(key []byte) *calls.Service {
	return calls.New(calls.Deps{Store: s.store, Conversations: s.services.conversations, Events: s.bus, Clock: s.opts.Clock, Servers: s.iceServers(key),
		Key: key, Off: s.opts.Config.Calls == "off", Recorder: s.tape(), Rule: s.recordRule, Files: s.services.media, Pictures: s.services.media, Log: s.log})
}

// recordRule says whether the calls of a conversation are recorded: as its inbox wants.
func (s *Server) recordRule(ctx context.Context, talk conversation.Conversation) (calls.Rule, error) {
	b, err := s.services.accounts.Book(ctx, talk.Tenant)
	if err != nil {
		return calls.Rule{}, err
	}
	set := b.Inboxes[talk.Inbox].Settings.Calls
	return calls.Rule{Record: set.Record, KeepDays: set.Days()}, nil
}

// tape is what the domain of calls records with, nil without record-listen. The recorder
// is opened once the domains are there.
func (s *Server) tape() calls.Recorder {
	if s.opts.Config.RecordListen == "" {
		return nil
	}
	return tape{s}
}

type tape struct{ s *Server }

func (t tape) Room() bool { return t.s.recorder.Room() }

func (t tape) Begin(c calls.Call) bool { return t.s.recorder.Begin(c) }

func (t tape) Hear(g *calls.Signal) { t.s.recorder.Hear(g) }

func (t tape) End(c id.Call) { t.s.recorder.End(c) }

// openRecorder opens the recorder that the settings ask for.
func (s *Server) openRecorder() (err error) {
	c := s.opts.Config
	if c.RecordListen == "" {
		return nil
	}
	domain := s.services.visit.calls
	done := func(t calls.Take) {
		err := domain.Keep(context.Background(), t) // it is kept although the server stops
		if errs.CodeOf(err) == errs.NotFound {
			err = os.Remove(t.Path)
		}
		if err != nil {
			s.log.Error("recording not kept", "call", t.Call, "file", t.Path, "error", err)
		}
	}
	s.recorder, err = recorder.Open(recorder.Options{Listen: c.RecordListen, PublicIP: c.RecordPublicIP, Dir: filepath.Join(c.Data, "recording"), Most: c.RecordCalls,
		Say: domain.Say, Done: done, Log: s.log.With("component", "recorder")})
	return err
}

// iceServers returns what tells pages of the servers that the settings name.
func (s *Server) iceServers(key []byte) calls.Servers {
	c := s.opts.Config
	var fixed []calls.Server
	for _, u := range config.List(c.ICEServers) {
		one := calls.Server{URLs: []string{u}}
		if strings.HasPrefix(u, "turn") {
			one.Username, one.Credential = c.ICEUser, c.ICEPassword
		}
		fixed = append(fixed, one)
	}
	return func(in id.Call, side actor.Kind) []calls.Server {
		list := slices.Clone(fixed)
		if s.relay == nil {
			return list
		}
		at := net.JoinHostPort(c.TURNPublicIP, strconv.Itoa(s.relay.Port()))
		user, password := relay.Pass(relayKey(key), s.opts.Clock.Now(), string(in)+":"+string(side))
		return append(list, calls.Server{URLs: []string{"stun:" + at}},
			calls.Server{URLs: []string{"turn:" + at + "?transport=udp", "turn:" + at + "?transport=tcp"}, Username: user, Credential: password})
	}
}

// relayKey is the key of the TURN server's passwords.
func relayKey(key []byte) []byte { return sign.Of(key, "relay") }

// openRelay starts the TURN server that the settings ask for.
func (s *Server) openRelay(key []byte) (err error) {
	c := s.opts.Config
	if c.TURNListen == "" {
		return nil
	}
	lowest, highest := c.TURNRange()
	recorder := 0
	if s.recorder != nil {
		recorder = s.recorder.Port()
	}
	s.relay, err = relay.Open(relay.Options{Listen: c.TURNListen, PublicIP: c.TURNPublicIP, Realm: c.TURNRealm, Lowest: lowest, Highest: highest,
		Most: c.TURNPerCall, Private: c.TURNPrivate == "allow", Recorder: recorder, Key: relayKey(key), Clock: s.opts.Clock})
	return err
}

// CallServers gives tests what pages of a side of a call are told.
func (s *Server) CallServers(c id.Call, side actor.Kind) []calls.Server {
	return s.services.visit.calls.Servers(c, side)
}
