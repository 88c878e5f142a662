package server

import (
	"context"
	"log/slog"
	"time"

	"parlor/internal/bus"
	"parlor/internal/bus/embedded"
	"parlor/internal/clock"
	"parlor/internal/config"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/store"
)

// openCluster starts the NATS server inside this node.
func openCluster(c config.Config, node string, log *slog.Logger) (bus.Bus, error) {
	b, err := embedded.Open(embedded.Options{Listen: c.ClusterListen, Peers: config.List(c.ClusterPeers), Secret: c.ClusterSecret, Node: node}, payload, log)
	if err != nil {
		return nil, err
	}
	log.Info("cluster", "address", b.Addr(), "peers", c.ClusterPeers)
	return b, nil
}

// ReachPeers reports which nodes that the settings name do not answer.
func ReachPeers(ctx context.Context, c config.Config) error {
	return embedded.Reach(ctx, config.List(c.ClusterPeers))
}

// peers is how many other nodes the cluster inside sees, 0 without one.
func (s *Server) peers() float64 {
	if b, ok := s.bus.(*embedded.Bus); ok {
		return float64(b.Peers())
	}
	return 0
}

// openUploads checks the uploads folder: it must be writable, and the same one
// on every node. Nodes without a setting of their own for it, and single nodes
// whose folder was emptied, go on with an error in the log.
func (s *Server) openUploads(ctx context.Context) error {
	f, err := uploadsFolder(ctx, s.store, s.opts.Config)
	if err != nil {
		return err
	}
	err = f.Open(ctx, s.opts.Clock)
	switch {
	case errs.ReasonOf(err) != "uploads_foreign":
		return err
	case s.store.Engine() != store.Postgres:
		s.log.Warn("uploads folder was replaced", "folder", f.Dir)
		return f.Adopt()
	case s.opts.Config.Uploads == "":
		s.log.Error("uploads are not shared: files sent through one node cannot be read on the others", "error", err)
		return nil
	}
	return err
}

// CheckUploads reports whether the uploads folder is writable and the one that
// this installation uses.
func CheckUploads(ctx context.Context, st *store.Store, c config.Config, ck clock.Clock) error {
	f, err := uploadsFolder(ctx, st, c)
	if err != nil {
		return err
	}
	return f.Open(ctx, ck)
}

// markerWait is for nodes of a cluster whose very first start is at the same time.
const markerWait = 3 * time.Second

func uploadsFolder(ctx context.Context, st *store.Store, c config.Config) (media.Folder, error) {
	mine := id.New()
	mark, err := st.Secret(ctx, "uploads", []byte(mine))
	f := media.Folder{Dir: uploads(c), Mark: string(mark), First: string(mark) == mine}
	if c.Uploads != "" && st.Engine() == store.Postgres {
		f.Wait = markerWait
	}
	return f, err
}
