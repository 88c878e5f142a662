package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"parlor/internal/clock"
	"parlor/internal/config"
	"parlor/internal/errs"
	"parlor/internal/server"
	"parlor/web"
)

// backup writes to a temporary file beside the target and renames it, so that a
// failed backup leaves nothing that looks like one.
func (p *program) backup(ctx context.Context, args []string) (err error) {
	fs, given := p.flags("backup")
	c, err := p.parse(fs, given, args, 1)
	if err != nil {
		return err
	}
	st, err := server.OpenStore(ctx, c, p.log(c), true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	target := fs.Arg(0)
	tmp, err := os.CreateTemp(filepath.Dir(target), ".parlor-backup-*")
	if err != nil {
		return errs.New(errs.Invalid, "backup_target", "Cannot write to %s.", filepath.Dir(target)).Because(err)
	}
	err = server.Backup(ctx, st, c, tmp)
	if err == nil {
		err = tmp.Sync()
	}
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), target)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	info, err := os.Stat(target)
	if err == nil {
		fmt.Fprintf(p.out, "%s: %d bytes\n", target, info.Size())
	}
	return err
}

func (p *program) restore(ctx context.Context, args []string) (err error) {
	fs, given := p.flags("restore")
	c, err := p.parse(fs, given, args, 1)
	if err != nil {
		return err
	}
	in, err := os.Open(fs.Arg(0))
	if err != nil {
		return errs.New(errs.NotFound, "backup_missing", "Cannot read %s.", fs.Arg(0)).Because(err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	st, err := server.OpenStore(ctx, c, p.log(c), false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if err := server.Restore(ctx, st, c, in); err != nil {
		return err
	}
	fmt.Fprintln(p.out, "restored")
	return nil
}

// doctor checks what a new installation trips over and says what to do.
func (p *program) doctor(ctx context.Context, args []string) error {
	fs, given := p.flags("doctor")
	c, err := p.parse(fs, given, args, 0)
	if err != nil {
		return err
	}
	bad := 0
	for _, check := range []struct {
		name string
		run  func(context.Context, config.Config) (string, error)
	}{{"settings", func(context.Context, config.Config) (string, error) { return "right", nil }}, {"data folder", checkFolder},
		{"database", p.checkDatabase}, {"uploads", p.checkUploads}, {"bus", p.checkBus}, {"certificate", checkCertificate}, {"web applications", checkWeb}, {"server", checkServer}} {
		said, err := check.run(ctx, c)
		mark := "ok  "
		if err != nil {
			mark, said = "BAD ", errs.MessageOf(err)
			if errs.CodeOf(err) == errs.Internal {
				said = err.Error()
			}
			bad++
		}
		fmt.Fprintf(p.out, "%s %-17s %s\n", mark, check.name, said)
	}
	if bad > 0 {
		return errs.New(errs.Unavailable, "doctor", "%d check(s) failed.", bad)
	}
	return nil
}

func checkFolder(_ context.Context, c config.Config) (string, error) {
	if err := os.MkdirAll(c.Data, 0o750); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(c.Data, ".doctor-*")
	if err != nil {
		return "", err
	}
	return c.Data + " can be written", errors.Join(f.Close(), os.Remove(f.Name()))
}

func (p *program) checkDatabase(ctx context.Context, c config.Config) (string, error) {
	st, err := server.OpenStore(ctx, c, p.log(c), true)
	if err != nil {
		return "", err
	}
	v, err := st.SchemaVersion(ctx)
	return fmt.Sprintf("%s, schema version %d", st.Engine(), v), errors.Join(err, st.Close())
}

// checkUploads compares the uploads folder with the one that the database knows.
func (p *program) checkUploads(ctx context.Context, c config.Config) (string, error) {
	st, err := server.OpenStore(ctx, c, p.log(c), true)
	if err != nil {
		return "", err
	}
	err = server.CheckUploads(ctx, st, c, clock.System())
	return "writable, and the folder of this installation", errors.Join(err, st.Close())
}

func checkCertificate(ctx context.Context, c config.Config) (string, error) {
	return server.CheckTLS(ctx, c, clock.System())
}

func (p *program) checkBus(ctx context.Context, c config.Config) (string, error) {
	if c.Cluster {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		return "peers of the cluster answer", server.ReachPeers(ctx, c)
	}
	if c.Nats == "" {
		return "single node, none needed", nil
	}
	return "NATS reachable", server.PingBus(ctx, c, p.log(c))
}

func checkWeb(context.Context, config.Config) (string, error) {
	if !web.Built() {
		return "", errs.New(errs.Unavailable, "web_missing", "not in this binary; run make build")
	}
	return "built in", nil
}

// checkServer asks a running server; that none runs is no fault.
func checkServer(ctx context.Context, c config.Config) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	scheme := "http"
	if server.SpeaksTLS(c) {
		scheme = "https"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+c.Listen+"/readyz", nil)
	if err != nil {
		return "", err
	}
	// The address is a local one, for which no certificate is issued.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}} //nolint:gosec // see above
	res, err := client.Do(req)
	if err != nil {
		return "none runs on " + c.Listen, nil
	}
	if err := res.Body.Close(); err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", errs.New(errs.Unavailable, "not_ready", "the server on %s answers %s", c.Listen, res.Status)
	}
	return "ready on " + c.Listen, nil
}
