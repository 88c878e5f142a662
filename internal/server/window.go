package server

import "parlor/internal/window"

// windows are the pages of business systems beside conversations.
func (s *Server) windows() *window.Service {
	d := &s.services
	return window.New(window.Deps{Accounts: d.accounts, Conversations: d.conversations, Visitors: d.visitors, Store: s.store, Clock: s.opts.Clock})
}
