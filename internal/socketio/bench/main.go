// Command bench measures the Socket.IO server from a separate client process: messages a second for echo, relay between
// two clients and fan-out to all, memory per idle WebSocket connection, and what a client costs that stops reading.
//
//	go run ./internal/socketio/bench [-clients 1000] [-idle 5000] [-window 1] [-time 3s] [-only echo,relay] [-node]
//
// With -cpuprofile the server writes where it spent its time; name one measurement with -only then, as each starts a
// server of its own.
//
// The server runs in a child process with GOMAXPROCS=1. With -node the same load is then put on Node's socket.io, which
// must be installed in clienttest.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	serveOnly := flag.Bool("serve", false, "be the server: print the address and serve until standard input ends")
	clients := flag.Int("clients", 1000, "connections under load")
	idle := flag.Int("idle", 5000, "idle connections for the memory figure")
	window := flag.Int("window", 1, "messages each client has under way in echo and relay")
	length := flag.Duration("time", 3*time.Second, "length of one measurement")
	only := flag.String("only", "", "measurements to make, separated by commas; empty for all")
	profile := flag.String("cpuprofile", "", "file for a CPU profile of the server")
	node := flag.Bool("node", false, "measure Node's socket.io too")
	dir := flag.String("clienttest", "internal/socketio/clienttest", "folder with Node's socket.io")
	flag.Parse()
	if *serveOnly {
		exit(profiled(*profile, serve))
		return
	}
	runtime.GOMAXPROCS(1) // client and server get a core each
	self, err := os.Executable()
	exit(err)
	l := load{*clients, *idle, *window, *length, *only}
	exit(measure("parlor", l, self, "-serve", "-cpuprofile", *profile))
	if *node {
		exit(measure("node", l, "node", filepath.Join(*dir, "server.mjs")))
	}
}

// exit ends the program if there is an error.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// load is how much is measured.
type load struct {
	clients, idle, window int
	length                time.Duration
	only                  string // names of measurements; empty for all
}

// wants reports whether a measurement is to be made.
func (l load) wants(title string) bool {
	return l.only == "" || slices.Contains(strings.Split(l.only, ","), title)
}

// measure runs all measurements against one server command.
func measure(name string, l load, command string, args ...string) (err error) {
	run := func(title string, f func(*target) (string, error)) error {
		if !l.wants(title) {
			return nil
		}
		t, err := start(command, args...)
		if err != nil {
			return err
		}
		result, err := f(t)
		if err := errors.Join(err, t.stop()); err != nil {
			return fmt.Errorf("%s: %w", title, err)
		}
		fmt.Printf("%-8s %-8s %s\n", name, title, result)
		return nil
	}
	return errors.Join(
		run("idle", func(t *target) (string, error) { return t.idle(l.idle) }),
		run("echo", func(t *target) (string, error) { return t.pingPong("echo", l) }),
		run("relay", func(t *target) (string, error) { return t.pingPong("relay", l) }),
		run("slow", (*target).slow),
		run("fan-out", func(t *target) (string, error) { return t.fanOut(l) }),
	)
}

// target is a running server.
type target struct {
	cmd     *exec.Cmd
	stdin   interface{ Close() error }
	address string
}

// start runs a server and reads its address from the first line it prints.
func start(command string, args ...string) (*target, error) {
	cmd := exec.Command(command, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(err, cmd.Wait())
	}
	return &target{cmd: cmd, stdin: stdin, address: strings.TrimSpace(line)}, nil
}

// stop ends the server.
func (t *target) stop() error {
	return errors.Join(t.stdin.Close(), t.cmd.Wait())
}

// rss is the server's resident memory in bytes.
func (t *target) rss() (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", t.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0, errors.New("statm: too short")
	}
	pages, err := strconv.Atoi(fields[1])
	return pages * os.Getpagesize(), err
}

// cpu is the processor time the server has used.
func (t *target) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", t.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("stat: too short")
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// raiseFiles lets this process and its children open as many files as the system allows.
func raiseFiles() error {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return err
	}
	r.Cur = r.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r)
}
