package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/importer"
	"parlor/internal/server"
)

// importRocketChat brings teams, agents, fields, canned replies, visitors, closed
// conversations with files, and contacts of a Rocket.Chat server. It may run beside a server of ours, and again.
func (p *program) importRocketChat(ctx context.Context, args []string) (err error) {
	fs, given := p.flags("import rocketchat")
	src := importer.RocketChat{}
	fs.StringVar(&src.URL, "url", "", "address of the Rocket.Chat server")
	fs.StringVar(&src.User, "user", "", "id of the user whom the token belongs to (X-User-Id)")
	fs.StringVar(&src.Token, "token", "", "personal access token of that user")
	inbox := fs.String("inbox", string(account.MainInbox), "inbox that visitors and conversations go to")
	dry := fs.Bool("dry-run", false, "count only, change nothing")
	c, err := p.parse(fs, given, args, 0)
	if err != nil {
		return err
	}
	for name, v := range map[string]string{"url": src.URL, "user": src.User, "token": src.Token} {
		if v == "" {
			return errs.Field(name, "missing", "--%s is needed", name)
		}
	}
	if !strings.HasPrefix(src.URL, "http://") && !strings.HasPrefix(src.URL, "https://") {
		return errs.Field("url", "bad_url", "--url is %q; it starts with http:// or https://", src.URL)
	}
	st, err := server.OpenStore(ctx, c, p.log(c), true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	in, err := st.InboxByID(ctx, id.Inbox(*inbox))
	if err != nil {
		return err
	}
	files, err := server.OpenFiles(ctx, c, st)
	if err != nil {
		return err
	}
	rep, err := importer.Run(ctx, src, st, importer.Options{Tenant: in.Tenant, Inbox: in.ID, Dry: *dry, Files: files, Now: time.Now().UTC().Truncate(time.Millisecond)})
	rep.Write(p.out)
	if *dry {
		fmt.Fprintln(p.out, "Nothing was changed.")
	}
	return err
}
