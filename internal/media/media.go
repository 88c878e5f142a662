// Package media stores uploaded files: it streams them to a folder, finds out
// what they are from their bytes, makes thumbnails and signs addresses.
package media

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/id"
)

// File is what is known of an uploaded file.
type File struct {
	ID     id.File   `json:"id"`
	Tenant id.Tenant `json:"-"`
	// Name is the uploader's name for it, cleaned; display only.
	Name string `json:"name"`
	// Type is the media type found in the bytes.
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	// Thumb is true if a smaller picture exists.
	Thumb bool `json:"thumb,omitempty"`
	// OwnerKind and Owner say who uploaded it.
	OwnerKind actor.Kind `json:"-"`
	Owner     string     `json:"-"`
	CreatedAt time.Time  `json:"createdAt"`
}

// Store is the memory that media needs.
type Store interface {
	// CreateFile adds f.
	CreateFile(ctx context.Context, f File) error
	// File returns one file, errs.NotFound "file_not_found" otherwise.
	File(ctx context.Context, t id.Tenant, f id.File) (File, error)
	// DropFile removes f; one that is not there is no error.
	DropFile(ctx context.Context, t id.Tenant, f id.File) error
}
