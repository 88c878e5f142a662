package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// maxSettingsFile is the largest file of settings that is read, in bytes.
const maxSettingsFile = 4 << 20

// asCommand is the actor of these commands; the audit log shows its name.
func asCommand(tenant string) actor.Actor {
	who := actor.ForSystem(id.Tenant(tenant))
	who.Name = "parlor settings"
	return who
}

func (p *program) settingsExport(ctx context.Context, args []string) error {
	fs, given := p.flags("settings export")
	v := map[string]string{"tenant": string(account.MainTenant)}
	text(fs, v, "tenant")
	return p.accounts(ctx, fs, given, args, nil, v, func(s *account.Service) error {
		sheet, err := s.Export(ctx, asCommand(v["tenant"]))
		if err != nil {
			return err
		}
		out, err := sheet.Text()
		if err == nil {
			_, err = io.WriteString(p.out, out)
		}
		return err
	})
}

func (p *program) settingsPlan(ctx context.Context, args []string) error {
	return p.settings(ctx, "settings plan", args, (*account.Service).Plan)
}

func (p *program) settingsApply(ctx context.Context, args []string) error {
	return p.settings(ctx, "settings apply", args, (*account.Service).Apply)
}

// settings reads the sheet named last, hands it to do and prints the changes.
func (p *program) settings(ctx context.Context, name string, args []string,
	do func(*account.Service, context.Context, actor.Actor, account.Sheet) ([]account.Step, error)) error {
	if len(args) == 0 {
		return errs.Field("file", "file_missing", "Name the file of settings.")
	}
	file := args[len(args)-1]
	fs, given := p.flags(name)
	v := map[string]string{"tenant": string(account.MainTenant)}
	text(fs, v, "tenant")
	return p.accounts(ctx, fs, given, args[:len(args)-1], nil, v, func(s *account.Service) error {
		sheet, err := readSheet(file)
		if err != nil {
			return err
		}
		steps, err := do(s, ctx, asCommand(v["tenant"]), sheet)
		if err != nil {
			return err
		}
		p.printSteps(steps)
		return nil
	})
}

func readSheet(file string) (account.Sheet, error) {
	f, err := os.Open(file)
	if err != nil {
		return account.Sheet{}, errs.Field("file", "file_unreadable", "The file %q cannot be read.", file).Because(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxSettingsFile+1))
	if err != nil {
		return account.Sheet{}, err
	}
	return account.ReadSheet(string(b))
}

// printSteps prints a change a line, in the manner of a patch.
func (p *program) printSteps(steps []account.Step) {
	if len(steps) == 0 {
		fmt.Fprintln(p.out, "nothing to change")
		return
	}
	for _, s := range steps {
		sign := "~"
		if s.Action == "create" {
			sign = "+"
		}
		fmt.Fprintf(p.out, "%s %s %q\n", sign, s.Thing, s.Name)
		for _, c := range s.Changes {
			switch {
			case c.Before == "":
				fmt.Fprintf(p.out, "    + %s: %s\n", c.Path, c.After)
			case c.After == "":
				fmt.Fprintf(p.out, "    - %s: %s\n", c.Path, c.Before)
			default:
				fmt.Fprintf(p.out, "    ~ %s: %s -> %s\n", c.Path, c.Before, c.After)
			}
		}
	}
}

func (p *program) tenantAdd(ctx context.Context, args []string) error {
	fs, given := p.flags("tenant add")
	v := map[string]string{}
	text(fs, v, "id", "name", "email", "admin")
	return p.accounts(ctx, fs, given, args, []string{"id", "name", "email", "admin"}, v, func(s *account.Service) error {
		password, err := p.secret()
		if err != nil {
			return err
		}
		t, err := s.AddTenant(ctx, account.Tenant{ID: id.Tenant(v["id"]), Name: v["name"]},
			account.NewAgent{Email: v["email"], Name: v["admin"], Password: password})
		if err == nil {
			fmt.Fprintf(p.out, "tenantId=%d\n", t.Number)
		}
		return err
	})
}
