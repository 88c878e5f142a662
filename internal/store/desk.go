package store

import (
	"parlor/internal/blacklist"
	"parlor/internal/canned"
	"parlor/internal/field"
	"parlor/internal/summary"
	"parlor/internal/tag"
)

var (
	_ field.Store     = (*Store)(nil)
	_ summary.Store   = (*Store)(nil)
	_ blacklist.Store = (*Store)(nil)
	_ canned.Store    = (*Store)(nil)
	_ tag.Store       = (*Store)(nil)
)
