package main

import (
	"flag"
	"fmt"
	"log/slog"
	"strings"

	"parlor/internal/config"
)

// flags returns a set that knows every setting; what is given lands in the map.
func (p *program) flags(name string) (*flag.FlagSet, map[string]string) {
	fs := flag.NewFlagSet("parlor "+name, flag.ContinueOnError)
	fs.SetOutput(p.err)
	given := map[string]string{}
	for _, f := range config.Fields() {
		set := func(v string) error { given[f.Name] = v; return nil }
		if f.Switch {
			fs.BoolFunc(f.Name, f.Doc, set)
			continue
		}
		fs.Func(f.Name, f.Doc, set)
	}
	fs.Func("config", "file with settings", func(v string) error { given["config"] = v; return nil })
	return fs, given
}

// parse reads args into fs and loads the settings. rest is how many words may
// follow the flags.
func (p *program) parse(fs *flag.FlagSet, given map[string]string, args []string, rest int) (config.Config, error) {
	if err := p.words(fs, args, rest); err != nil {
		return config.Config{}, err
	}
	return p.load(given)
}

func (p *program) words(fs *flag.FlagSet, args []string, rest int) error {
	if err := fs.Parse(args); err != nil {
		return errUsage
	}
	if fs.NArg() != rest {
		fmt.Fprintf(p.err, "parlor: %d word(s) after the flags, %d expected\n", fs.NArg(), rest)
		return errUsage
	}
	return nil
}

func (p *program) load(given map[string]string) (config.Config, error) {
	file := given["config"]
	if v, ok := p.env("PARLOR_CONFIG"); ok && file == "" {
		file = v
	}
	return config.Load(config.Source{Flags: given, Env: p.env, File: file})
}

// log returns the logger that the settings ask for; it writes to standard error.
func (p *program) log(c config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(p.err, opts))
	}
	return slog.New(slog.NewTextHandler(p.err, opts))
}

// need fails with one line for all required flags that are missing.
func (p *program) need(values map[string]string, names ...string) error {
	var missing []string
	for _, n := range names {
		if strings.TrimSpace(values[n]) == "" {
			missing = append(missing, "--"+n)
		}
	}
	if missing != nil {
		fmt.Fprintf(p.err, "parlor: missing %s\n", strings.Join(missing, ", "))
		return errUsage
	}
	return nil
}
