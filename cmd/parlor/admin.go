package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"parlor/internal/account"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/server"
)

// text registers string flags into values.
func text(fs *flag.FlagSet, values map[string]string, names ...string) {
	for _, n := range names {
		fs.Func(n, n, func(v string) error { values[n] = v; return nil })
	}
}

// accounts runs fn on the account service of the installation's database, beside
// a running server.
func (p *program) accounts(ctx context.Context, fs *flag.FlagSet, given map[string]string, args []string, need []string, values map[string]string,
	fn func(*account.Service) error) (err error) {
	c, err := p.parse(fs, given, args, 0)
	if err != nil {
		return err
	}
	if err := p.need(values, need...); err != nil {
		return err
	}
	st, err := server.OpenStore(ctx, c, p.log(c), true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	s := account.New(st, memory.New(), clock.System())
	if _, err := s.Setup(ctx); err != nil {
		return err
	}
	return fn(s)
}

func (p *program) agentAdd(ctx context.Context, args []string) error {
	fs, given := p.flags("agent add")
	v := map[string]string{"tenant": string(account.MainTenant)}
	text(fs, v, "email", "name", "username", "role", "tenant")
	limit := fs.Int("cap", 0, "conversations at once")
	var teams []string
	fs.Func("team", "name of a team; may be repeated", func(s string) error { teams = append(teams, s); return nil })
	return p.accounts(ctx, fs, given, args, []string{"email", "name"}, v, func(s *account.Service) error {
		password, err := p.secret()
		if err != nil {
			return err
		}
		a, err := s.AddAgent(ctx, account.NewAgent{Tenant: id.Tenant(v["tenant"]), Email: v["email"], Name: v["name"], Username: v["username"],
			Password: password, Role: account.Role(v["role"]), Cap: *limit, Teams: teams,
			NamedID: v["username"] != ""})
		if err == nil {
			fmt.Fprintln(p.out, a.ID)
		}
		return err
	})
}

// secret reads the password: the first line of standard input.
func (p *program) secret() (string, error) {
	s, err := bufio.NewReader(io.LimitReader(p.in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if s = strings.TrimRight(s, "\r\n"); s == "" {
		return "", errs.Field("password", "password_missing", "The password is expected on standard input.")
	}
	return s, nil
}

func (p *program) teamAdd(ctx context.Context, args []string) error {
	fs, given := p.flags("team add")
	v := map[string]string{"tenant": string(account.MainTenant)}
	text(fs, v, "name", "tenant")
	return p.accounts(ctx, fs, given, args, []string{"name"}, v, func(s *account.Service) error {
		team, err := s.AddTeam(ctx, id.Tenant(v["tenant"]), v["name"])
		if err == nil {
			fmt.Fprintln(p.out, team.ID)
		}
		return err
	})
}

func (p *program) tokenAdd(ctx context.Context, args []string) error {
	fs, given := p.flags("token add")
	v := map[string]string{"tenant": string(account.MainTenant)}
	text(fs, v, "email", "name", "tenant")
	return p.accounts(ctx, fs, given, args, []string{"email", "name"}, v, func(s *account.Service) error {
		l, err := s.IssueToken(ctx, id.Tenant(v["tenant"]), v["email"], v["name"])
		if err == nil {
			fmt.Fprintln(p.out, l.Secret)
		}
		return err
	})
}

func (p *program) apiclientAdd(ctx context.Context, args []string) error {
	fs, given := p.flags("apiclient add")
	v := map[string]string{"tenant": string(account.MainTenant)}
	text(fs, v, "name", "tenant")
	return p.accounts(ctx, fs, given, args, []string{"name"}, v, func(s *account.Service) error {
		c, secret, err := s.AddAPIClient(ctx, id.Tenant(v["tenant"]), v["name"])
		if err != nil {
			return err
		}
		tenants, err := s.Tenants(ctx)
		if err != nil {
			return err
		}
		for _, t := range tenants {
			if t.ID == c.Tenant {
				fmt.Fprintf(p.out, "tenantId=%d\nclientId=%s\nsecretId=%s\n", t.Number, c.ID, secret)
			}
		}
		return nil
	})
}
