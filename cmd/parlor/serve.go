package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"parlor/internal/config"
	"parlor/internal/demo"
	"parlor/internal/front/site"
	"parlor/internal/server"
)

func (p *program) serve(ctx context.Context, args []string) error {
	fs, given := p.flags("serve")
	c, err := p.parse(fs, given, args, 0)
	if err != nil {
		return err
	}
	return p.start(ctx, c, nil)
}

// gcPercent lets garbage grow to three times what is alive before it is
// collected. A server's live heap is small (about 10 MB), and collecting less
// often gives a tenth more messages a second. GOGC overrides it.
const gcPercent = 300

// start runs a server until ctx ends.
func (p *program) start(ctx context.Context, c config.Config, start *site.Start) error {
	if _, set := p.env("GOGC"); !set {
		debug.SetGCPercent(gcPercent)
	}
	if _, set := p.env("GOMAXPROCS"); c.Workers > 0 || !set {
		runtime.GOMAXPROCS(threads(c.Workers, runtime.NumCPU(), chosen))
	}
	s, err := server.Open(ctx, server.Options{Config: c, Log: p.log(c), Version: version, Start: start})
	if err != nil {
		return err
	}
	defer p.reloadOnHangup(s)()
	base := s.URL()
	if c.PublicURL != "" {
		base = strings.TrimSuffix(c.PublicURL, "/")
	}
	fmt.Fprintf(p.out, "Parlor listens on %s\n", base)
	if token := s.SetupToken(); token != "" {
		fmt.Fprintf(p.out, "Nobody can log in yet. Create the first administrator: %s/setup?token=%s\n", base, token)
	}
	if start != nil {
		p.printDemo(base, start)
	}
	if p.started != nil {
		p.started(s.Addr())
	}
	return s.Run(ctx)
}

// chosen is how many threads the runtime chose when the program began; it knows
// the limits of a container.
var chosen = runtime.GOMAXPROCS(0)

// threads is how many threads may run code at once: as many as asked for, but
// no more than one beyond the cores. That one keeps the others from waiting for
// a turn of the runtime when one waits for the disk and another copies the log:
// the network is looked at by a thread that has nothing else to do. 0 asks for one
// beyond what the runtime chose.
func threads(asked, cores, chosen int) int {
	if asked == 0 {
		return chosen + 1
	}
	return min(asked, cores+1)
}

// reloadOnHangup reads certificate files again at SIGHUP. The returned func ends
// that. Without such files the signal keeps its meaning: it ends the process.
func (p *program) reloadOnHangup(s *server.Server) func() {
	if !s.ReloadsFiles() {
		return func() {}
	}
	hup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hup:
				_ = s.Reload() // logged; the old certificate stays in use
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(hup); close(done) }
}

// demo is serve with a filled-in company. Its data folder is data/demo unless
// one is named, so that it never mixes with a real one.
func (p *program) demo(ctx context.Context, args []string) error {
	fs, given := p.flags("demo")
	if err := p.words(fs, args, 0); err != nil {
		return err
	}
	if _, set := p.env(config.EnvPrefix + "DATA"); given["data"] == "" && !set {
		given["data"] = "./data/demo"
	}
	c, err := p.load(given)
	if err != nil {
		return err
	}
	log := p.log(c)
	start := &site.Start{Company: demo.Company}
	for _, a := range demo.People {
		start.Logins = append(start.Logins, site.Login{Name: a.Name, Role: string(a.Role), Email: a.Email, Password: demo.Password})
	}
	if err := server.FillDemo(ctx, c, log); err != nil {
		return err
	}
	return p.start(ctx, c, start)
}

func (p *program) printDemo(base string, start *site.Start) {
	fmt.Fprintf(p.out, "\n  start here   %s/\n  demo shop    %s/demo/\n  console      %s/console/\n  API          %s/api/parlor/docs\n\n", base, base, base, base)
	for _, l := range start.Logins {
		fmt.Fprintf(p.out, "  %-20s %-12s %s\n", l.Email, l.Password, l.Role)
	}
	fmt.Fprintln(p.out)
}

func (p *program) version(_ context.Context, args []string) error {
	if len(args) > 0 {
		fmt.Fprintln(p.err, "parlor: version takes no flags")
		return errUsage
	}
	fmt.Fprintf(p.out, "parlor %s\n", version)
	return nil
}

func (p *program) openapi(_ context.Context, _ []string) error {
	b, err := server.Document(version)
	if err != nil {
		return err
	}
	_, err = p.out.Write(b)
	return err
}

func (p *program) configPrint(_ context.Context, args []string) error {
	fs, given := p.flags("config print")
	c, err := p.parse(fs, given, args, 0)
	if err != nil {
		return err
	}
	for _, f := range config.Fields() {
		doc := f.Doc
		if f.Allowed != "" {
			doc += " Allowed: " + f.Allowed + "."
		}
		fmt.Fprintf(p.out, "# %s\n# %s, --%s, default %q\n%s = %s\n\n", doc, f.Env, f.Name, f.Default, f.Name, c.Value(f))
	}
	return nil
}

func (p *program) configCheck(_ context.Context, args []string) error {
	fs, given := p.flags("config check")
	if _, err := p.parse(fs, given, args, 0); err != nil {
		return err
	}
	fmt.Fprintln(p.out, "The settings are right.")
	return nil
}
