package config

import (
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// minSecret is the shortest shared secret, in bytes.
const minSecret = 16

// switches are the words for on and off.
var switches = map[string]bool{"true": true, "on": true, "yes": true, "1": true, "false": false, "off": false, "no": false, "0": false}

// check holds what a tag cannot say.
func (c *Config) check(name, value string) string {
	switch name {
	case "listen", "metrics-listen", "tls-listen", "cluster-listen":
		if value == "" && (name == "metrics-listen" || name == "tls-listen") {
			return ""
		}
		if !address(value, 0) {
			return "host:port with a port from 0 to 65535"
		}
	case "cluster-peers":
		for _, peer := range List(value) {
			if host, _, _ := strings.Cut(peer, ":"); host == "" || !address(peer, 1) {
				return "host:port addresses with ports from 1 to 65535, separated by commas"
			}
		}
	case "cluster-secret":
		if value != "" && len(value) < minSecret {
			return "a secret of 16 characters or more"
		}
	case "allowed-origins":
		for _, o := range List(value) {
			if u, err := url.Parse(o); err != nil || !hasScheme(o, "http", "https") || o != u.Scheme+"://"+u.Host {
				return "origins like https://shop.example.com, without a path, separated by commas"
			}
		}
	case "tls-cert", "tls-key", "tls-keystore":
		if value != "" && !readable(value) {
			return "the path of a file that can be read"
		}
	case "acme-domains":
		for _, d := range List(value) {
			if net.ParseIP(d) != nil || !strings.Contains(d, ".") || strings.ContainsAny(d, "*:/ ") {
				return "host names like chat.example.com without port or wildcard, separated by commas"
			}
		}
	case "acme-directory":
		if !hasScheme(value, "http", "https") {
			return "an address that starts with https://"
		}
	case "region-file":
		if value != "" && !readable(value) {
			return "the path of a file that can be read"
		}
	case "smtp-server":
		if host, _, _ := strings.Cut(value, ":"); value != "" && (host == "" || !address(value, 1)) {
			return "host:port with a port from 1 to 65535"
		}
	case "smtp-from":
		if _, err := mail.ParseAddress(value); value != "" && err != nil {
			return "an address like service@example.com or Service <service@example.com>"
		}
	case "ice-servers":
		for _, u := range List(value) {
			if !iceAddress(u) {
				return "addresses like stun:host:3478, turn:host:3478?transport=udp or turns:host:5349, separated by commas"
			}
		}
	case "turn-listen":
		if value != "" && !address(value, 0) {
			return "host:port with a port from 0 to 65535"
		}
	case "turn-public-ip":
		if ip, err := netip.ParseAddr(value); value != "" && (err != nil || ip.IsUnspecified()) {
			return "an IP address"
		}
	case "turn-realm":
		if value == "" || strings.ContainsAny(value, " \"\\") {
			return "a name without blanks and quotation marks"
		}
	case "turn-ports":
		if _, _, ok := ports(value); !ok {
			return "lowest-highest, both from 1 to 65535"
		}
	case "database":
		// Without a host it means a Unix socket.
		if u, err := url.Parse(value); value != "" && (err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql")) {
			return "an address that starts with postgres://"
		}
	case "nats":
		if value != "" && !hasScheme(value, "nats", "tls") {
			return "an address that starts with nats://"
		}
	case "public-url":
		if value != "" && !hasScheme(value, "http", "https") {
			return "an address that starts with http:// or https://"
		}
	case "data":
		if value == "" {
			return "the path of a folder"
		}
	case "trusted-proxies":
		var err error
		if c.proxies, err = prefixes(value); err != nil {
			return "networks like 10.0.0.0/8, separated by commas"
		}
	}
	return ""
}

// iceAddress reports whether s is an address of a STUN or TURN server.
func iceAddress(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || !contains([]string{"stun", "stuns", "turn", "turns"}, scheme) {
		return false
	}
	rest, query, asked := strings.Cut(rest, "?")
	if asked && (query != "transport=udp" && query != "transport=tcp" || strings.HasPrefix(scheme, "stun")) {
		return false
	}
	if host, _, err := net.SplitHostPort(rest); err == nil {
		return host != "" && address(rest, 1)
	}
	return rest != "" && !strings.ContainsAny(rest, ":/ @")
}

// ports reads a range of ports.
func ports(s string) (lowest, highest int, ok bool) {
	a, b, found := strings.Cut(s, "-")
	lowest, aerr := strconv.Atoi(strings.TrimSpace(a))
	highest, berr := strconv.Atoi(strings.TrimSpace(b))
	return lowest, highest, found && aerr == nil && berr == nil && lowest >= 1 && lowest <= highest && highest <= 65535
}

// TURNRange is TURNPorts, parsed.
func (c Config) TURNRange() (lowest, highest int) {
	lowest, highest, _ = ports(c.TURNPorts)
	return lowest, highest
}

func hasScheme(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && contains(schemes, u.Scheme)
}

func prefixes(s string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		p, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// address reports whether s is host:port with a port of at least lowest.
func address(s string, lowest int) bool {
	_, port, err := net.SplitHostPort(s)
	n, perr := strconv.Atoi(port)
	return err == nil && perr == nil && n >= lowest && n <= 65535
}

func readable(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	info, err := f.Stat()
	_ = f.Close() // nothing was written
	return err == nil && info.Mode().IsRegular()
}

// List splits a setting at its commas; empty parts are left out.
func List(s string) []string {
	var list []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// conflict is a setting that does not go with another one.
type conflict struct{ field, allowed string }

// between returns what the settings together do not allow.
func (c *Config) between() (list []conflict) {
	rule := func(broken bool, field, allowed string) {
		if broken {
			list = append(list, conflict{field, allowed})
		}
	}
	pair, store, acme := c.TLSCert != "" || c.TLSKey != "", c.TLSKeystore != "", c.ACMEDomains != ""
	rule(c.TLSCert != "" && c.TLSKey == "", "tls-key", "the file with the key of tls-cert")
	rule(c.TLSKey != "" && c.TLSCert == "", "tls-cert", "the file with the certificate of tls-key")
	rule(store && pair, "tls-keystore", "nothing beside tls-cert and tls-key: choose one of them")
	rule(!store && c.TLSKeystorePass != "", "tls-keystore-password", "nothing without tls-keystore")
	rule(acme && (pair || store), "acme-domains", "nothing beside certificate files: choose one of them")
	rule(!acme && c.ACMEEmail != "", "acme-email", "nothing without acme-domains")
	rule(c.TLSListen != "" && c.TLSListen == c.Listen && !strings.HasSuffix(c.Listen, ":0"), "tls-listen", "another address than listen")
	rule(c.Cluster && c.Database == "", "cluster", "true only with a PostgreSQL database: nodes share one")
	rule(c.Cluster && c.Nats != "", "cluster", "true only without nats: choose one of them")
	rule(c.Cluster && c.ClusterSecret == "", "cluster-secret", "a secret of 16 characters or more, the same on every node")
	rule(c.SMTPServer != "" && c.SMTPFrom == "", "smtp-from", "the sender of mail, with smtp-server")
	rule(c.TURNListen != "" && c.TURNPublicIP == "", "turn-public-ip", "the address under which people reach the machine, with turn-listen")
	rule(c.RecordListen == "" && c.RecordPublicIP != "", "record-public-ip", "nothing without record-listen")
	rule((c.ICEUser == "") != (c.ICEPassword == ""), "ice-password", "the password of ice-user, or neither")
	rule(!c.Cluster && c.ClusterPeers != "", "cluster-peers", "nothing without cluster")
	return list
}
