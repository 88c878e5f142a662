package store

import (
	"context"
	"hash/maphash"
	"slices"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// How much senderNames holds at most: in each of its two generations so many
// hashes, a conversation itself counting as some: 16 MB in all, with what slices
// have in reserve.
const (
	mostNames    = 1 << 19
	namesOfEmpty = 16
)

// senderNames tells, on SQLite, whether a conversation may hold a message that its
// sender has given a certain name. An index of the names would have to be changed
// with every message, at a random place: a third of all that a commit writes.
//
// It holds a hash of each name of the conversations that were last written to, and
// reads those of any other when it is asked. It never says no wrongly, because the
// one writer of the database asks it for every message with a name; it says yes
// wrongly for names whose hashes are equal, of another sender, or of a message that
// was not kept after all. So only its yes is looked up in the database.
//
// It belongs to the goroutine of the writer.
type senderNames struct {
	seed maphash.Seed
	most int
	// Conversations that are asked about move to young; what is in old only is
	// forgotten when young is full.
	young, old map[id.Conversation][]uint64
	size       int
}

// newSenderNames returns what holds about most hashes, twice.
func newSenderNames(most int) *senderNames {
	return &senderNames{seed: maphash.MakeSeed(), most: most, young: map[id.Conversation][]uint64{}}
}

// mayHold reports whether conversation c may hold a message that its sender named
// name, and takes the name down.
func (n *senderNames) mayHold(ctx context.Context, t *tx, c id.Conversation, name string) (bool, error) {
	hashes, known := n.young[c]
	if !known {
		if hashes, known = n.old[c]; !known {
			var err error
			if hashes, err = n.read(ctx, t, c); err != nil {
				return false, err
			}
		}
		n.size += len(hashes) + namesOfEmpty
	}
	h := maphash.String(n.seed, name)
	held := slices.Contains(hashes, h)
	if !held {
		hashes = append(hashes, h)
		n.size++
	}
	n.young[c] = hashes
	if n.size > n.most {
		n.old, n.young, n.size = n.young, map[id.Conversation][]uint64{}, 0
	}
	return held, nil
}

// read returns the hashes of all names in a conversation.
func (n *senderNames) read(ctx context.Context, t *tx, c id.Conversation) ([]uint64, error) {
	names, err := all(ctx, t, scalar[string], `SELECT client_id FROM message WHERE conversation = $1 AND client_id <> ''`, string(c))
	hashes := make([]uint64, len(names))
	for i, name := range names {
		hashes[i] = maphash.String(n.seed, name)
	}
	return hashes, err
}

// errShared refuses a message with a name beside a running server, which would
// not learn of the name.
func errShared() error {
	return errs.New(errs.Conflict, "data_shared", "messages are added by the server that has the data folder")
}
