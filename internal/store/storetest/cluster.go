package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// Cluster is a temporary PostgreSQL server that listens on a Unix socket only.
// It is stopped and removed by Remove, and also when the test process dies.
type Cluster struct {
	base string
	bin  string
	as   *syscall.SysProcAttr
	// guard stops the server and removes its files when leash is closed.
	guard *exec.Cmd
	leash io.Closer
}

// NewCluster makes and starts a cluster. Run as root it is started as the user
// postgres or nobody, because the server refuses to be root.
func NewCluster() (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	base, err := os.MkdirTemp(roomy(), "plr")
	if err != nil {
		return nil, err
	}
	c := &Cluster{base: base, bin: bin}
	if err := c.chooseUser(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(base))
	}
	if err := c.run("initdb", "-D", c.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return nil, errors.Join(err, os.RemoveAll(base))
	}
	if err := c.watch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(base))
	}
	if err := c.Start(); err != nil {
		return nil, errors.Join(err, c.Remove())
	}
	return c, nil
}

// roomy returns a folder in memory if there is one with room, else /tmp. Making and
// dropping databases waits for the disk again and again; what a process that is
// killed leaves behind is the same in both.
func roomy() string {
	const memory, enough = "/dev/shm", 8 << 30
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < enough {
		return "/tmp"
	}
	return memory
}

func (c *Cluster) data() string { return filepath.Join(c.base, "data") }

// binaries finds the folder of PostgreSQL's programs, the newest first.
func binaries() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return filepath.Dir(p), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("initdb not found: install PostgreSQL with `make deps`, or set " + DatabaseEnv)
	}
	version := func(p string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(p)))) // 0 sorts odd names first
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(version(a), version(b)) })
	return filepath.Dir(found[len(found)-1]), nil
}

// chooseUser gives the folder to a user who is not root.
func (c *Cluster) chooseUser() error {
	c.as = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return err
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return err
	}
	c.as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(c.base, int(uid), int(gid))
}

func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = c.as
	cmd.Dir = c.base
	return cmd
}

func (c *Cluster) run(program string, args ...string) error {
	out, err := os.CreateTemp("", "plr-out")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(out.Name()) }()
	defer func() { _ = out.Close() }()
	cmd := c.command(filepath.Join(c.bin, program), args...)
	// A file, not a pipe: the server inherits it and would keep a pipe open.
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name()) // only adds detail to err
		return fmt.Errorf("%s: %w\n%s", program, err, text)
	}
	return nil
}

// watch starts the guard: a shell that waits for the end of its input, which
// comes with Remove or with the death of this process.
func (c *Cluster) watch() error {
	c.guard = c.command("/bin/sh", "-c", `cat; "$0" -D "$1/data" stop -m immediate -s; rm -rf "$1"`,
		filepath.Join(c.bin, "pg_ctl"), c.base)
	leash, err := c.guard.StdinPipe()
	if err != nil {
		return err
	}
	c.leash = leash
	return c.guard.Start()
}

// Start starts the server and waits until it answers.
func (c *Cluster) Start() error {
	options := fmt.Sprintf("-k %s -c listen_addresses='' -c max_connections=300 -c max_wal_size=4GB", c.base)
	return c.run("pg_ctl", "-D", c.data(), "-l", filepath.Join(c.base, "log"), "-o", options, "-w", "start")
}

// Crash ends the server at once, without any orderly shutdown.
func (c *Cluster) Crash() error {
	return c.run("pg_ctl", "-D", c.data(), "stop", "-m", "immediate", "-w")
}

// Remove stops the server and deletes its files.
func (c *Cluster) Remove() error {
	if c.guard == nil {
		return nil
	}
	err := c.leash.Close()
	return errors.Join(err, c.guard.Wait())
}

// DSN returns the address of a database of the cluster.
func (c *Cluster) DSN(database string) string {
	v := url.Values{"host": {c.base}}
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: "", Path: "/" + database, RawQuery: v.Encode()}
	return u.String()
}
