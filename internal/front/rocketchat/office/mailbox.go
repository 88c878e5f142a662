package office

import (
	"context"
	"net/http"

	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/mailbox"
)

// mailboxes adds the calls about e-mail inboxes.
func (f *Front) mailboxes() {
	needs := []string{"manage-email-inbox"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "email-inbox.list", Do: f.listBoxes, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodPost, Path: "email-inbox", Do: f.saveBox, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodGet, Path: "email-inbox/:_id", Do: f.oneBox, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodDelete, Path: "email-inbox/:_id", Do: f.removeBox, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodGet, Path: "email-inbox.search", Do: f.searchBox, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodPost, Path: "email-inbox.send-test/:_id", Do: f.testBox, Auth: true, Needs: needs},
	)
}

var (
	smtpShape = contract.Dict(contract.Must("server", contract.Text), contract.Must("port", contract.Integer), contract.Must("username", contract.Text),
		contract.Must("password", contract.Text), contract.Must("secure", contract.Boolean))
	imapShape = contract.Dict(contract.Must("server", contract.Text), contract.Must("port", contract.Integer), contract.Must("username", contract.Text),
		contract.Must("password", contract.Text), contract.Must("secure", contract.Boolean), contract.Must("maxRetries", contract.Integer))
	boxShape = contract.Dict(contract.Maybe("_id", contract.Text), contract.Must("name", contract.Text), contract.Must("email", contract.Text),
		contract.Must("active", contract.Boolean), contract.Maybe("description", contract.Text), contract.Maybe("senderInfo", contract.Text),
		contract.Maybe("department", contract.Text), contract.Must("smtp", smtpShape), contract.Must("imap", imapShape))
)

// mailServer is a server as callers send it.
type mailServer struct {
	Server, Username, Password string
	Port, MaxRetries           int
	Secure                     bool
}

func (m mailServer) domain() mailbox.Server {
	return mailbox.Server{Host: m.Server, Port: m.Port, Username: m.Username, Password: m.Password, Secure: m.Secure}
}

// boxOf is the contract's form of a mailbox. Passwords are not shown.
func boxOf(b mailbox.Box) contract.Object {
	server := func(s mailbox.Server) contract.Object {
		return contract.Object{"server": s.Host, "port": s.Port, "username": s.Username, "secure": s.Secure}
	}
	imap := server(b.IMAP)
	imap["maxRetries"] = b.Retries
	out := contract.Object{"_id": b.ID, "name": b.Name, "email": b.Email, "active": b.Active, "description": b.Description, "senderInfo": b.Sender,
		"smtp": server(b.SMTP), "imap": imap, "_createdAt": contract.StampOf(b.CreatedAt), "_updatedAt": contract.StampOf(b.UpdatedAt)}
	if b.Department != "" {
		out["department"] = b.Department
	}
	return out
}

func (f *Front) listBoxes(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	list, err := f.Mailboxes.List(ctx, c.Who)
	views := make([]contract.Object, len(list))
	for i, b := range list {
		views[i] = boxOf(b)
	}
	return contract.Page("emailInboxes", views, w), err
}

// saveBox adds a mailbox, or changes the one with an id. A department is kept
// under its id if it is one of ours, as it was given else.
func (f *Front) saveBox(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		ID                                               string `json:"_id"`
		Name, Email, Description, SenderInfo, Department string
		Active                                           bool
		SMTP, IMAP                                       mailServer
	}
	if err := c.Read(boxShape, &in); err != nil {
		return nil, err
	}
	team, err := f.Department(ctx, c.Tenant, in.Department)
	if err != nil {
		return nil, err
	}
	if team != "" {
		in.Department = string(team)
	}
	b, err := f.Mailboxes.Save(ctx, c.Who, mailbox.Box{ID: in.ID, Name: in.Name, Email: in.Email, Active: in.Active, Description: in.Description, Sender: in.SenderInfo,
		Department: in.Department, SMTP: in.SMTP.domain(), IMAP: in.IMAP.domain(), Retries: in.IMAP.MaxRetries})
	switch errs.ReasonOf(err) {
	case "mailbox_exists":
		return nil, contract.Plain("error-email-already-exists")
	case "mailbox_not_found":
		return nil, contract.Plain("error-invalid-email-inbox")
	}
	return contract.Object{"_id": b.ID}, err
}

// oneBox answers GET email-inbox/:_id.
func (f *Front) oneBox(ctx context.Context, c *contract.Call) (any, error) {
	b, err := f.Mailboxes.Box(ctx, c.Who, c.Params["_id"])
	if contract.IsMissing(err) {
		return nil, contract.NotFound("Resource not found")
	}
	return boxOf(b), err
}

func (f *Front) removeBox(ctx context.Context, c *contract.Call) (any, error) {
	err := f.Mailboxes.Delete(ctx, c.Who, c.Params["_id"])
	if contract.IsMissing(err) {
		return nil, contract.NotFound("Resource not found")
	}
	return contract.Object{"_id": c.Params["_id"]}, err
}

// searchBox answers GET email-inbox.search: the mailbox with an address.
func (f *Front) searchBox(ctx context.Context, c *contract.Call) (any, error) {
	if err := c.ReadQuery(contract.Dict(contract.Must("email", contract.Text)), &struct{}{}); err != nil {
		return nil, err
	}
	list, err := f.Mailboxes.List(ctx, c.Who)
	for _, b := range list {
		if b.Email == c.Arg("email") {
			return contract.Object{"emailInbox": boxOf(b)}, nil
		}
	}
	return contract.Object{"emailInbox": nil}, err
}

// testBox answers POST email-inbox.send-test/:_id: a letter to the caller.
func (f *Front) testBox(ctx context.Context, c *contract.Call) (any, error) {
	err := f.Mailroom.Test(ctx, c.Who, c.Params["_id"])
	switch errs.ReasonOf(err) {
	case "mailbox_not_found":
		return nil, contract.NotFound("Resource not found")
	case "no_address":
		return nil, contract.Plain("user-without-verified-email")
	case "mail_failed":
		return nil, contract.Structured("error-email-send-failed", errs.MessageOf(err))
	}
	return contract.Object{"_id": c.Params["_id"]}, err
}
