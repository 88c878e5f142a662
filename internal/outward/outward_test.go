package outward_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"parlor/internal/errs"
	"parlor/internal/outward"
)

func TestOnlyTheOpenNetworkIsPublic(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]bool{
		"1.1.1.1": true, "2606:4700::1111": true, "127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "0.1.2.3": false, "255.255.255.255": false, "224.0.0.1": false, "198.18.0.1": false, "::1": false, "::": false,
		"fe80::1%eth0": false, "fc00::1": false, "::ffff:127.0.0.1": false, "::ffff:1.1.1.1": true, "64:ff9b::7f00:1": false, "2002:7f00:1::": false,
		"::7f00:1": false, "::a9fe:a9fe": false, "fec0::1": false,
	} {
		if got := outward.Public(netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s is public: %v", ip, got)
		}
	}
}

func TestAddressesThatSayTheyArePrivateAreRefused(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://api.example.com/v1": true, "http://localhost/": false, "http://LOCALHOST.:80/": false, "http://x.localhost/": false, "http://127.0.0.1:8080": false,
		"http://[::1]/": false, "http://8.8.8.8/": true,
	} {
		if err := (outward.Guard{}).Allowed(address); (err == nil) != ok || err != nil && errs.ReasonOf(err) != "private_address" {
			t.Errorf("%s: %v", address, err)
		}
		if err := (outward.Guard{Private: true}).Allowed(address); err != nil {
			t.Errorf("%s with leave: %v", address, err)
		}
	}
}

// What a name resolves to is looked at when it is connected to.
func TestConnectionsAreJudgedByTheirRealAddress(t *testing.T) {
	t.Parallel()
	there := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	defer there.Close()
	get := func(g outward.Guard) (int, error) {
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, there.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := g.Client()
		defer c.CloseIdleConnections()
		r, err := c.Do(q)
		if err != nil {
			return 0, err
		}
		return r.StatusCode, r.Body.Close()
	}
	if _, err := get(outward.Guard{}); !errors.Is(err, outward.ErrPrivate) {
		t.Fatalf("connected to a private address: %v", err)
	}
	if status, err := get(outward.Guard{Private: true}); err != nil || status != http.StatusFound {
		t.Fatalf("a redirect was followed: %d %v", status, err)
	}
}
