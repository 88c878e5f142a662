// Package outward makes HTTP clients for addresses that people of a company name.
// Such an address must not lead into the own network: neither by what it says, nor
// by what its name resolves to, nor by a redirect.
package outward

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"parlor/internal/errs"
)

// ErrPrivate refuses an address inside the own network.
var ErrPrivate = errors.New("private addresses are not allowed (webhook-private)")

// Guard decides which addresses may be reached.
type Guard struct {
	// Private lets private and loopback addresses through.
	Private bool
}

// Client returns a client that follows no redirects, uses no proxy, and looks at
// the address it is about to connect to, so that neither a name that resolves to a
// private address nor one that changes its mind between two lookups gets through.
func (g Guard) Client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{DialContext: g.Dialer().DialContext, MaxIdleConnsPerHost: 8, MaxConnsPerHost: 64, MaxIdleConns: 200,
			IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Dialer returns a dialer that looks at the address as Client does.
func (g Guard) Dialer() *net.Dialer {
	return &net.Dialer{Timeout: 10 * time.Second, Control: g.control}
}

// control refuses a connection by its real address.
func (g Guard) control(_, address string, _ syscall.RawConn) error {
	if g.Private {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return err
	}
	if !Public(ip) {
		return ErrPrivate
	}
	return nil
}

// reserved are networks beyond those that netip knows of.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("fec0::/10"),
}

// Public reports whether an address belongs to the open network.
func Public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, p := range reserved {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// Allowed refuses an address that says by itself that it is private. What a name
// resolves to is looked at when it is connected to.
//
// Errors: Invalid "private_address" with the field url.
func (g Guard) Allowed(address string) error {
	u, err := url.Parse(address)
	if err != nil || g.Private {
		return err
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	ip, err := netip.ParseAddr(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && !Public(ip) {
		return errs.Field("url", "private_address", "%s is a private address; the server's setting webhook-private decides whether those are allowed.", host)
	}
	return nil
}
