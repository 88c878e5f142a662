package server

import "parlor/internal/identity"

// identityDomain builds what knows who signed visitors are.
func (s *Server) identityDomain() {
	d := &s.services
	d.identities = identity.New(identity.Deps{Store: s.store, Accounts: d.accounts, Visitors: d.visitors, Conversations: d.conversations, Clock: s.opts.Clock, Key: d.key})
}

// Identities gives tests and the demo the keys that sign who visitors are.
func (s *Server) Identities() *identity.Service { return s.services.identities }
