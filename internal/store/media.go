package store

import (
	"context"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/media"
)

// CreateFile implements media.Store. The row is added after the bytes are on disk, so a row
// without a file cannot be seen.
func (s *Store) CreateFile(ctx context.Context, f media.File) (err error) {
	defer errs.Wrap(&err, "store.CreateFile %s", f.ID)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO file (id, tenant, name, type, size, width, height, thumb, owner_kind, owner,
			created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, string(f.ID), string(f.Tenant), f.Name,
			f.Type, f.Size, f.Width, f.Height, flag(f.Thumb), string(f.OwnerKind), f.Owner, ms(f.CreatedAt))
		return err
	})
}

// File implements media.Store. A file of another tenant is not found.
func (s *Store) File(ctx context.Context, t id.Tenant, f id.File) (got media.File, err error) {
	defer errs.Wrap(&err, "store.File %s", f)
	got, ok, err := first(ctx, s.readers, func(r row) (f media.File, err error) {
		var thumb, created int64
		err = r.Scan(&f.ID, &f.Tenant, &f.Name, &f.Type, &f.Size, &f.Width, &f.Height, &thumb, &f.OwnerKind, &f.Owner, &created)
		f.Thumb, f.CreatedAt = thumb != 0, at(created)
		return f, err
	}, `SELECT id, tenant, name, type, size, width, height, thumb, owner_kind, owner, created_at
		FROM file WHERE id = $1 AND tenant = $2`, string(f), string(t))
	if err == nil && !ok {
		err = missing("file")
	}
	return got, err
}

// DropFile implements media.Store.
func (s *Store) DropFile(ctx context.Context, t id.Tenant, f id.File) (err error) {
	defer errs.Wrap(&err, "store.DropFile %s", f)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		_, err := x.exec(ctx, `DELETE FROM file WHERE id = $1 AND tenant = $2`, string(f), string(t))
		return err
	})
}
