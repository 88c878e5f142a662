package relay_test

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/pion/turn/v4"

	"parlor/internal/clock"
	"parlor/internal/relay"
)

var key = []byte("key of the passwords")

// open starts a server on the loopback address.
func open(t *testing.T, c clock.Clock, change func(*relay.Options)) *relay.Server {
	t.Helper()
	o := relay.Options{Listen: "127.0.0.1:0", PublicIP: "127.0.0.1", Realm: "parlor", Lowest: 20000, Highest: 60000, Most: 2, Key: key, Clock: c}
	if change != nil {
		change(&o)
	}
	s, err := relay.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// client is a browser's side of the relay.
func client(t *testing.T, s *relay.Server, user, password string) *turn.Client {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port()))
	c, err := turn.NewClient(&turn.ClientConfig{STUNServerAddr: at, TURNServerAddr: at, Conn: conn, Username: user, Password: password, Realm: "parlor"})
	if err == nil {
		err = c.Listen()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); _ = conn.Close() }) // the client may have closed it
	return c
}

func TestTwoBrowsersMeetThroughTheRelay(t *testing.T) {
	t.Parallel()
	now := clock.System()
	s := open(t, now, nil)
	user, password := relay.Pass(key, now.Now(), "call:agent")
	a, err := client(t, s, user, password).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	user, password = relay.Pass(key, now.Now(), "call:visitor")
	b, err := client(t, s, user, password).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	buf := make([]byte, 100)
	// The first packets open the way in both directions.
	for _, x := range []struct{ from, to net.PacketConn }{{b, a}, {a, b}} {
		if _, err := x.from.WriteTo([]byte("hello"), x.to.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, from, err := b.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "hello" || from.String() != a.LocalAddr().String() {
		t.Fatal(string(buf[:n]), from, err)
	}
}

func TestOnlyWhoIsInACallGetsIn(t *testing.T) {
	t.Parallel()
	stub := clock.NewStub(time.Now())
	s := open(t, stub, nil)
	user, password := relay.Pass(key, stub.Now(), "call:agent")
	for _, x := range [][2]string{{user, "wrong"}, {"nobody", password}, {"99999999999:other", password}} {
		if _, err := client(t, s, x[0], x[1]).Allocate(); err == nil {
			t.Fatalf("%v got in", x)
		}
	}
	stub.Advance(relay.ValidFor)
	if _, err := client(t, s, user, password).Allocate(); err == nil {
		t.Fatal("a name whose time is up got in")
	}
}

func TestANameHoldsFewRelays(t *testing.T) {
	t.Parallel()
	now := clock.System()
	s := open(t, now, nil)
	user, password := relay.Pass(key, now.Now(), "call:agent")
	first, err := client(t, s, user, password).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client(t, s, user, password).Allocate(); err != nil {
		t.Fatal(err)
	}
	if _, err := client(t, s, user, password).Allocate(); err == nil {
		t.Fatal("a third relay of two")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := client(t, s, user, password).Allocate(); err != nil {
		t.Fatal("a relay that was closed still counts: ", err)
	}
}

func TestPrivateAddressesAreNotReached(t *testing.T) {
	t.Parallel()
	now := clock.System()
	for _, x := range []struct {
		private bool
		to      string
		ok      bool
	}{
		{false, "10.0.0.1", false}, {false, "192.168.1.1", false}, {false, "172.16.0.9", false}, {false, "169.254.169.254", false}, {false, "127.0.0.2", false},
		{false, "100.64.0.1", false}, {false, "0.0.0.1", false}, {false, "224.0.0.1", false}, {false, "198.18.0.1", false}, {false, "203.0.114.5", true}, {true, "10.0.0.1", true},
	} {
		t.Run(x.to+strconv.FormatBool(x.private), func(t *testing.T) {
			t.Parallel()
			s := open(t, now, func(o *relay.Options) { o.Private = x.private })
			user, password := relay.Pass(key, now.Now(), "call:agent")
			c := client(t, s, user, password)
			conn, err := c.Allocate()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			err = c.CreatePermission(&net.UDPAddr{IP: net.ParseIP(x.to), Port: 9})
			if (err == nil) != x.ok {
				t.Fatalf("permission to %s: %v", x.to, err)
			}
		})
	}
}

func TestTheOwnAddressIsReachedWhereCallsAre(t *testing.T) {
	t.Parallel()
	now := clock.System()
	listen := func() (net.PacketConn, int) {
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c, c.LocalAddr().(*net.UDPAddr).Port
	}
	recorder, port := listen()
	other, closed := listen()
	s := open(t, now, func(o *relay.Options) { o.Lowest, o.Highest, o.Recorder = 19_000, 19_900, port })
	user, password := relay.Pass(key, now.Now(), "call:agent")
	c := client(t, s, user, password)
	conn, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The packet to the recorder follows the other one, so that the latter had its chance.
	for _, at := range []int{closed, port} {
		if _, err = conn.WriteTo([]byte("hello"), &net.UDPAddr{IP: net.ParseIP("127.0.0.1"), Port: at}); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 100)
	if err = recorder.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := recorder.ReadFrom(buf); err != nil || string(buf[:n]) != "hello" {
		t.Fatalf("the recorder is not reached: %v", err)
	}
	if err = other.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := other.ReadFrom(buf); err == nil {
		t.Errorf("another port of the machine got %q", buf[:n])
	}
}
