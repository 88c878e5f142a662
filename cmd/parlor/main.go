// Command parlor is the Parlor server and its tools. `parlor help` lists them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"parlor/internal/config"
	"parlor/internal/errs"
)

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	p := &program{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// program is the command line with its surroundings, so that tests run it whole.
type program struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) (string, bool)
	// started, if set, is told the address once the server listens.
	started func(addr string)
}

// Exit codes.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

// errUsage marks a wrong command line; the text has been printed.
var errUsage = errors.New("usage")

// command is one tool.
type command struct {
	name, args, doc string
	run             func(*program, context.Context, []string) error
}

func commands() []command {
	return []command{
		{"serve", "", "run the server", (*program).serve},
		{"demo", "", "run the server with a filled-in demo company", (*program).demo},
		{"agent add", "--email E --name N [--username U] [--role admin|supervisor|agent] [--team T]…", "add an agent, whose id is U if it is given and free; the password comes from standard input", (*program).agentAdd},
		{"team add", "--name N", "add a team", (*program).teamAdd},
		{"token add", "--email E --name N", "issue a personal access token", (*program).tokenAdd},
		{"apiclient add", "--tenant main --name N", "issue clientId and secretId", (*program).apiclientAdd},
		{"tenant add", "--id I --name N --email E --admin N", "add a company with its first administrator; the password comes from standard input", (*program).tenantAdd},
		{"settings export", "[--tenant main]", "print all settings of a company as YAML", (*program).settingsExport},
		{"settings plan", "[--tenant main] FILE", "say what applying a file of settings would change", (*program).settingsPlan},
		{"settings apply", "[--tenant main] FILE", "apply a file of settings; running servers follow within seconds", (*program).settingsApply},
		{"config print", "", "print all settings with values and documentation", (*program).configPrint},
		{"config check", "", "check the settings", (*program).configCheck},
		{"doctor", "", "check database, folders, bus and a running server", (*program).doctor},
		{"backup", "FILE", "write everything into one file, while the server runs", (*program).backup},
		{"restore", "FILE", "read a backup into an empty database", (*program).restore},
		{"bench", "--token T… [--url U] [--json] …", "measure a running server through its protocols", (*program).bench},
		{"import rocketchat", "--url U --user ID --token T [--inbox I] [--dry-run]", "bring teams, agents, visitors and closed conversations of a Rocket.Chat server", (*program).importRocketChat},
		{"bench fill", "[--conversations 1000000] [--messages 10000000] [--visitors 300000] [--open 0] [--waiting 0] [--seed 1] [--force]", "make an empty installation large", (*program).benchFill},
		{"bench lists", "[--reads 200] [--seed 1]", "time every list of an installation", (*program).benchLists},
		{"openapi", "", "print the OpenAPI document", (*program).openapi},
		{"version", "", "print the version", (*program).version},
	}
}

// run finds and runs a command and returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	// Of "bench" and "bench fill" the longer name is meant.
	for words := min(2, len(args)); words > 0; words-- {
		for _, c := range commands() {
			if c.name == strings.Join(args[:words], " ") {
				return p.report(c.run(p, ctx, args[words:]))
			}
		}
	}
	if len(args) > 0 && (args[0] == "help" || args[0] == "--help" || args[0] == "-h") {
		p.usage(p.out)
		return exitOK
	}
	p.usage(p.err)
	return exitUsage
}

func (p *program) usage(w io.Writer) {
	fmt.Fprint(w, "Parlor brings a company's visitors to the right agent.\n\nusage: parlor COMMAND [flags]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-15s %s\n", c.name, c.doc)
		if c.args != "" {
			fmt.Fprintf(w, "  %-15s   %s\n", "", c.args)
		}
	}
	fmt.Fprintln(w, "\nEvery command takes the settings that `parlor config print` lists, as --name value or PARLOR_NAME,\nand --config FILE with lines of name = value.")
}

// report prints an error and chooses the exit code: 2 for wrong settings, flags
// and input, 1 for everything else.
func (p *program) report(err error) int {
	var faults config.Faults
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.As(err, &faults):
		fmt.Fprintf(p.err, "parlor: %d wrong setting(s)\n%s\n", len(faults), faults.Error())
		return exitUsage
	case errs.CodeOf(err) == errs.Invalid:
		if f := errs.FieldOf(err); f != "" {
			fmt.Fprintf(p.err, "parlor: %s: %s\n", f, errs.MessageOf(err))
		} else {
			fmt.Fprintf(p.err, "parlor: %s\n", errs.MessageOf(err))
		}
		return exitUsage
	case errs.CodeOf(err) != errs.Internal:
		fmt.Fprintf(p.err, "parlor: %s\n", errs.MessageOf(err))
		return exitFail
	}
	fmt.Fprintf(p.err, "parlor: %v\n", err)
	return exitFail
}
