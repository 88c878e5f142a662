package server

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"parlor/internal/actor"
	calls "parlor/internal/call"
	"parlor/internal/config"
	"parlor/internal/id"
	"parlor/internal/relay"
	"parlor/internal/sign"
)

// callDomain builds the domain of calls.
func (s *Server) callDomain(key []byte) *calls.Service {
	return calls.New(calls.Deps{Store: s.store, Conversations: s.services.conversations, Events: s.bus, Clock: s.opts.Clock, Servers: s.iceServers(key),
		Key: key, Off: s.opts.Config.Calls == "off", Log: s.log})
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
	s.relay, err = relay.Open(relay.Options{Listen: c.TURNListen, PublicIP: c.TURNPublicIP, Realm: c.TURNRealm, Lowest: lowest, Highest: highest,
		Most: c.TURNPerCall, Private: c.TURNPrivate == "allow", Key: relayKey(key), Clock: s.opts.Clock})
	return err
}

// CallServers gives tests what pages of a side of a call are told.
func (s *Server) CallServers(c id.Call, side actor.Kind) []calls.Server {
	return s.services.visit.calls.Servers(c, side)
}
