package store

import (
	"parlor/internal/canned"
	"parlor/internal/tag"
)

var (
	_ canned.Store = (*Store)(nil)
	_ tag.Store    = (*Store)(nil)
)
