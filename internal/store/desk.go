package store

import (
	"parlor/internal/blacklist"
	"parlor/internal/canned"
	"parlor/internal/tag"
)

var (
	_ blacklist.Store = (*Store)(nil)
	_ canned.Store    = (*Store)(nil)
	_ tag.Store       = (*Store)(nil)
)
