package conversation

import (
	"sync"

	"parlor/internal/id"
)

// maxOwners bounds the memory of owners: about 100 bytes each.
const maxOwners = 100_000

// owners remembers whose a conversation is. Only Give changes that, and every node
// hears of it; besides, half of it goes when there is no room.
type owners struct {
	mu sync.RWMutex
	m  map[id.Conversation]id.Visitor
}

func newOwners() *owners { return &owners{m: map[id.Conversation]id.Visitor{}} }

func (o *owners) is(c id.Conversation, v id.Visitor) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return v != "" && o.m[c] == v
}

func (o *owners) put(c id.Conversation, v id.Visitor) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.m) >= maxOwners {
		n := 0
		for k := range o.m {
			delete(o.m, k)
			if n++; n >= maxOwners/2 {
				break
			}
		}
	}
	o.m[c] = v
}

func (o *owners) drop(c id.Conversation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.m, c)
}
