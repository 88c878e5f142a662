package server

import (
	"slices"
	"strings"

	"parlor/internal/actor"
	calls "parlor/internal/call"
	"parlor/internal/config"
	"parlor/internal/id"
)

// callDomain builds the domain of calls.
func (s *Server) callDomain(key []byte) *calls.Service {
	return calls.New(calls.Deps{Store: s.store, Conversations: s.services.conversations, Events: s.bus, Clock: s.opts.Clock, Servers: s.iceServers(key),
		Key: key, Off: s.opts.Config.Calls == "off", Log: s.log})
}

// iceServers returns what tells pages of the servers that the settings name.
func (s *Server) iceServers(_ []byte) calls.Servers {
	c := s.opts.Config
	var fixed []calls.Server
	for _, u := range config.List(c.ICEServers) {
		one := calls.Server{URLs: []string{u}}
		if strings.HasPrefix(u, "turn") {
			one.Username, one.Credential = c.ICEUser, c.ICEPassword
		}
		fixed = append(fixed, one)
	}
	return func(id.Call, actor.Kind) []calls.Server { return slices.Clone(fixed) }
}
