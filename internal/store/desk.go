package store

import "parlor/internal/canned"

var _ canned.Store = (*Store)(nil)
