package mailbox

import (
	"testing"

	"parlor/internal/errs"
)

func TestPasswordsStayWithTheirServers(t *testing.T) {
	t.Parallel()
	before := Box{IMAP: Server{Host: "imap", Port: 993, Password: "one"}, SMTP: Server{Host: "smtp", Port: 465, Password: "two"}}
	word := func(s string) *string { return &s }
	for _, x := range []struct {
		what       string
		imap, smtp Server
		im, sm     *string
		want, bad  string
	}{
		{"kept", Server{Host: "imap", Port: 993}, Server{Host: "smtp", Port: 465, Secure: true}, nil, nil, "one two", ""},
		{"new", Server{Host: "imap", Port: 993}, Server{Host: "smtp", Port: 465}, word("three"), nil, "three two", ""},
		{"removed", Server{Host: "imap", Port: 993}, Server{Host: "smtp", Port: 465}, nil, word(""), "one ", ""},
		{"another server", Server{Host: "evil", Port: 993}, Server{Host: "smtp", Port: 465}, nil, nil, "", "imap"},
		{"another port", Server{Host: "imap", Port: 993}, Server{Host: "smtp", Port: 25}, nil, nil, "", "smtp"},
		{"another server with its own", Server{Host: "new", Port: 143}, Server{Host: "new", Port: 25}, word("x"), word("y"), "x y", ""},
	} {
		b := Box{IMAP: x.imap, SMTP: x.smtp}
		err := b.Keep(before, x.sm, x.im)
		if x.bad != "" {
			if errs.ReasonOf(err) != "password_needed" || errs.FieldOf(err) != x.bad || x.bad == "imap" && b.IMAP.Password != "" || x.bad == "smtp" && b.SMTP.Password != "" {
				t.Errorf("%s: %v %+v", x.what, err, b)
			}
			continue
		}
		if got := b.IMAP.Password + " " + b.SMTP.Password; err != nil || got != x.want {
			t.Errorf("%s: %q %v", x.what, got, err)
		}
	}
	// A mailbox without a password may move as it likes.
	b := Box{IMAP: Server{Host: "a", Port: 1}, SMTP: Server{Host: "b", Port: 2}}
	if err := b.Keep(Box{}, nil, nil); err != nil {
		t.Error(err)
	}
}
