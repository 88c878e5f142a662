package tlsconf

import (
	"crypto/tls"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"parlor/internal/clock"
)

// lookEvery is how often the files are looked at, while there are handshakes.
const lookEvery = time.Second

// Keeper holds a certificate and follows its files. A new certificate that is
// broken changes nothing but the log. It is safe for concurrent use.
type Keeper struct {
	files Files
	clock clock.Clock
	log   *slog.Logger

	current atomic.Pointer[tls.Certificate]
	looked  atomic.Int64 // Unix milliseconds

	mu   sync.Mutex // held while loading
	seen string     // what the files looked like when they were last loaded
}

// Open loads the files; errors are those of Load.
func Open(f Files, c clock.Clock, log *slog.Logger) (*Keeper, error) {
	k := &Keeper{files: f, clock: c, log: log.With("component", "tls")}
	k.seen = k.look()
	cert, err := Load(f)
	if err != nil {
		return nil, err
	}
	k.current.Store(cert)
	k.looked.Store(c.Now().UnixMilli())
	k.log.Info("certificate loaded", "names", Names(cert.Leaf), "until", cert.Leaf.NotAfter)
	return k, nil
}

// Current is the certificate in use.
func (k *Keeper) Current() *tls.Certificate { return k.current.Load() }

// GetCertificate returns the certificate for a handshake. At most once a second
// it first looks whether the files have changed.
func (k *Keeper) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	now, last := k.clock.Now().UnixMilli(), k.looked.Load()
	// One handshake looks, the others go on with what is there.
	if now-last >= lookEvery.Milliseconds() && k.looked.CompareAndSwap(last, now) {
		k.mu.Lock()
		defer k.mu.Unlock()
		if seen := k.look(); seen != k.seen {
			k.seen = seen
			_ = k.load() // logged; the old certificate stays
		}
	}
	return k.current.Load(), nil
}

// Reload loads the files now, whatever they look like. After an error, which
// has been logged, the old certificate stays in use.
func (k *Keeper) Reload() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen = k.look()
	return k.load()
}

// load needs mu.
func (k *Keeper) load() error {
	cert, err := Load(k.files)
	if err != nil {
		k.log.Error("new certificate not used, the old one stays", "error", err)
		return err
	}
	k.current.Store(cert)
	k.log.Info("certificate loaded", "names", Names(cert.Leaf), "until", cert.Leaf.NotAfter)
	return nil
}

// look returns a text that changes with the files.
func (k *Keeper) look() string {
	var s string
	for _, path := range k.files.paths() {
		info, err := os.Stat(path)
		if err != nil {
			s += "missing\n"
			continue
		}
		s += info.ModTime().Format(time.RFC3339Nano) + " " + strconv.FormatInt(info.Size(), 10) + "\n"
	}
	return s
}
