// Package config is the settings of Parlor: one struct whose tags carry name,
// default and documentation. A flag wins over the environment, that over the
// file, that over the default. No other package reads the environment.
package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Config is all settings. Field order is the order of documentation.
type Config struct {
	Listen           string        `name:"listen" default:"127.0.0.1:8080" doc:"Address to listen on, host:port."`
	PublicURL        string        `name:"public-url" doc:"Address under which people reach the server, e.g. https://chat.example.com. Empty: taken from the request."`
	AllowedOrigins   string        `name:"allowed-origins" doc:"Origins of pages that may call the server besides its own, e.g. https://shop.example.com, separated by commas. Empty: any page; inboxes have lists of their own."`
	TLSListen        string        `name:"tls-listen" doc:"Own address for https, host:port. Empty: with a certificate, listen itself speaks https."`
	TLSRedirect      string        `name:"tls-redirect" default:"on" oneof:"on off" doc:"With tls-listen: whether http requests to listen are sent to https."`
	TLSCert          string        `name:"tls-cert" doc:"PEM file with the certificate and its chain."`
	TLSKey           string        `name:"tls-key" doc:"PEM file with the private key of tls-cert."`
	TLSKeystore      string        `name:"tls-keystore" doc:"PKCS#12 file (.p12, .pfx) with certificate, chain and key, instead of tls-cert and tls-key."`
	TLSKeystorePass  string        `name:"tls-keystore-password" secret:"yes" doc:"Password of tls-keystore."`
	TLSHSTS          time.Duration `name:"tls-hsts" default:"8760h" min:"0s" max:"17520h" doc:"How long browsers that came by https keep to it (Strict-Transport-Security). 0s: not said."`
	ACMEDomains      string        `name:"acme-domains" doc:"Names for which certificates are fetched and renewed by ACME, separated by commas. Empty: no ACME."`
	ACMEEmail        string        `name:"acme-email" doc:"Address that the certificate authority may write to."`
	ACMEDirectory    string        `name:"acme-directory" default:"https://acme-v02.api.letsencrypt.org/directory" doc:"Directory of the certificate authority."`
	Data             string        `name:"data" default:"./data" doc:"Folder for the database and uploads."`
	Database         string        `name:"database" doc:"postgres://… to use PostgreSQL. Empty: SQLite in the data folder."`
	Nats             string        `name:"nats" doc:"nats://… that connects several nodes. Empty: a single node, or cluster."`
	Cluster          bool          `name:"cluster" default:"false" doc:"Connect several nodes through a NATS server inside each of them. Needs PostgreSQL and cluster-secret."`
	ClusterListen    string        `name:"cluster-listen" default:"127.0.0.1:6222" doc:"Address to which the other nodes of a cluster connect."`
	ClusterPeers     string        `name:"cluster-peers" doc:"cluster-listen addresses of other nodes, host:port, separated by commas. One that runs is enough; nodes tell each other."`
	ClusterSecret    string        `name:"cluster-secret" secret:"yes" doc:"Secret that all nodes of a cluster share, 16 characters or more."`
	Uploads          string        `name:"uploads" doc:"Folder for uploads; the same shared folder on every node of a cluster. Empty: uploads below the data folder."`
	MaxUpload        int64         `name:"max-upload" default:"20971520" min:"1024" max:"1073741824" doc:"Largest upload in bytes."`
	Workers          int           `name:"workers" default:"0" min:"0" max:"1024" doc:"Operating system threads that run the server's code at once, at most one more than there are cores. 0: one more than there are cores."`
	JobWorkers       int           `name:"job-workers" default:"32" min:"1" max:"32" doc:"Background jobs (webhooks, mail, timers) that run at once on this node."`
	RateLimits       string        `name:"rate-limits" default:"on" oneof:"on off" doc:"Limits on requests and messages by address and person."`
	RocketchatWidget string        `name:"rocketchat-widget" doc:"Folder with the build of the Rocket.Chat widget (npm @rocket.chat/livechat), served under /livechat; empty: none."`
	WebhookPrivate   string        `name:"webhook-private" default:"deny" oneof:"deny allow" doc:"Whether webhooks, text messages, mailboxes and answer engines may reach private and loopback addresses."`
	TrustedProxies   string        `name:"trusted-proxies" doc:"Networks whose forwarding headers count, e.g. 10.0.0.0/8,127.0.0.1/32."`
	AgentLostAfter   time.Duration `name:"agent-lost-after" default:"30s" min:"1s" max:"1h" doc:"How long an agent without connections keeps conversations."`
	VisitorGrace     time.Duration `name:"visitor-grace" default:"60s" min:"1s" max:"1h" doc:"How long a dialogue of a UCKeFu page outlives its last connection."`
	PingInterval     time.Duration `name:"ping-interval" default:"25s" min:"1s" max:"5m" doc:"Socket.IO heartbeat interval."`
	PingTimeout      time.Duration `name:"ping-timeout" default:"60s" min:"1s" max:"5m" doc:"Silence after a heartbeat that ends a connection."`
	MaxConnsPerIP    int           `name:"max-conns-per-ip" default:"2000" min:"1" max:"1000000" doc:"Socket.IO connections from one address; not limited when rate-limits is off."`
	MetricsListen    string        `name:"metrics-listen" doc:"Own address for GET /metrics. Empty: on the main address, with metrics-token."`
	MetricsToken     string        `name:"metrics-token" secret:"yes" doc:"Bearer token for GET /metrics on the main address. Empty: not served there."`
	RegionFile       string        `name:"region-file" doc:"File with the places of addresses, in the text form of ip2region or packed by us. Empty: the built-in table."`
	Calls            string        `name:"calls" default:"on" oneof:"on off" doc:"Video and voice calls between visitors and agents."`
	ICEServers       string        `name:"ice-servers" doc:"STUN and TURN servers that help browsers in calls to reach each other, e.g. stun:stun.example.com:3478, separated by commas."`
	ICEUser          string        `name:"ice-user" doc:"User name for the turn: and turns: addresses of ice-servers."`
	ICEPassword      string        `name:"ice-password" secret:"yes" doc:"Password of ice-user."`
	TURNListen       string        `name:"turn-listen" doc:"Address of the built-in TURN server, host:port, UDP and TCP. Empty: none."`
	TURNPublicIP     string        `name:"turn-public-ip" doc:"Address under which people reach the machine; the TURN server relays from it. Needed with turn-listen."`
	TURNRealm        string        `name:"turn-realm" default:"parlor" doc:"Realm of the TURN server."`
	TURNPorts        string        `name:"turn-ports" default:"49160-49660" doc:"UDP ports from which the TURN server relays, lowest-highest."`
	TURNPerCall      int           `name:"turn-per-call" default:"8" min:"1" max:"64" doc:"Relays that one side of a call may hold at once."`
	TURNPrivate      string        `name:"turn-private" default:"deny" oneof:"deny allow" doc:"Whether the TURN server relays to private and loopback addresses."`
	RecordListen     string        `name:"record-listen" doc:"UDP address, host:port, over which the calls of inboxes that record go through this server. Empty: calls are not recorded."`
	RecordPublicIP   string        `name:"record-public-ip" doc:"Address under which people reach record-listen. Empty: the machine's own addresses."`
	RecordCalls      int           `name:"record-calls" default:"50" min:"1" max:"1000" doc:"Calls that are recorded at once."`
	SMTPServer       string        `name:"smtp-server" doc:"Mail server, host:port, for answers to left messages. Empty: no mail is sent."`
	SMTPUser         string        `name:"smtp-user" doc:"Login of the mail server. Empty: no login."`
	SMTPPassword     string        `name:"smtp-password" secret:"yes" doc:"Password of smtp-user."`
	SMTPFrom         string        `name:"smtp-from" doc:"Sender of mail, an address or Name <address>."`
	SMTPTLS          string        `name:"smtp-tls" default:"starttls" oneof:"starttls tls off" doc:"How the connection to the mail server is encrypted."`
	LogLevel         string        `name:"log-level" default:"info" oneof:"debug info warn error" doc:"Least severe level that is logged."`
	LogFormat        string        `name:"log-format" default:"text" oneof:"text json" doc:"Form of log lines."`
	ShutdownTimeout  time.Duration `name:"shutdown-timeout" default:"20s" min:"1s" max:"10m" doc:"Longest time a stop may take."`
	AdminEmail       string        `name:"admin-email" doc:"E-mail of the first administrator, created on an empty database."`
	AdminPassword    string        `name:"admin-password" secret:"yes" doc:"Password of the first administrator."`
	// proxies is TrustedProxies, parsed by Validate.
	proxies []netip.Prefix
}

// EnvPrefix starts the name of every environment variable.
const EnvPrefix = "PARLOR_"

// Field describes one setting.
type Field struct {
	Name, Env, Default, Doc, Allowed string
	Secret                           bool
	// Switch marks a setting that is on or off: its flag needs no value.
	Switch bool
	index  int
	tag    reflect.StructTag
}

// Fields lists all settings in order.
func Fields() []Field {
	t := reflect.TypeFor[Config]()
	var list []Field
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("name")
		if name == "" {
			continue
		}
		list = append(list, Field{Name: name, Env: EnvPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_")), Default: f.Tag.Get("default"),
			Doc: f.Tag.Get("doc"), Allowed: allowed(f), Secret: f.Tag.Get("secret") != "", Switch: f.Type.Kind() == reflect.Bool, index: i, tag: f.Tag})
	}
	return list
}

func allowed(f reflect.StructField) string {
	if one := f.Tag.Get("oneof"); one != "" {
		return strings.Join(strings.Fields(one), " or ")
	}
	if f.Type.Kind() == reflect.Bool {
		return "true or false"
	}
	if lo := f.Tag.Get("min"); lo != "" {
		kind := "a number"
		if f.Type == reflect.TypeFor[time.Duration]() {
			kind = "a duration"
		}
		return kind + " from " + lo + " to " + f.Tag.Get("max")
	}
	return ""
}

// Fault is one wrong setting.
type Fault struct{ Field, Value, Allowed, Source string }

// Error names the field, its value, where it came from and what is allowed.
func (f Fault) Error() string {
	return fmt.Sprintf("%s = %q (from %s): allowed is %s", f.Field, f.Value, f.Source, f.Allowed)
}

// Faults is all wrong settings at once.
type Faults []Fault

// Error lists the faults, one a line.
func (l Faults) Error() string {
	lines := make([]string, len(l))
	for i, f := range l {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Source is where values come from, the strongest first.
type Source struct {
	// Flags holds what was given on the command line, by name.
	Flags map[string]string
	// Env looks up an environment variable.
	Env func(string) (string, bool)
	// File is the path of a settings file, "" for none.
	File string
}

// Load reads all settings and checks them. The error is Faults if a setting is wrong.
func Load(src Source) (Config, error) {
	var c Config
	var faults Faults
	file, err := readFile(src.File)
	if err != nil {
		faults = append(faults, Fault{Field: "config", Value: src.File, Allowed: err.Error(), Source: "flag"})
	}
	legacy := aliases(file, src.Env, src.File)
	known, sources := map[string]bool{}, map[string]string{}
	for _, f := range Fields() {
		known[f.Name] = true
		value, from := f.Default, "default"
		if v, ok := legacy.file[f.Name]; ok {
			value, from = v.value, v.from
		}
		if v, ok := file[f.Name]; ok {
			value, from = v, "file "+src.File
		}
		if v, ok := legacy.env[f.Name]; ok {
			value, from = v.value, v.from
		}
		if v, ok := src.Env(f.Env); ok {
			value, from = v, "environment "+f.Env
		}
		if v, ok := src.Flags[f.Name]; ok {
			value, from = v, "flag --"+f.Name
		}
		sources[f.Name] = from
		if why := c.set(f, value); why != "" {
			shown := redact(value)
			if f.Secret {
				shown = "(hidden)"
			}
			faults = append(faults, Fault{Field: f.Name, Value: shown, Allowed: why, Source: from})
		}
	}
	for name, value := range file {
		if !known[name] && !legacyName(name) {
			faults = append(faults, Fault{Field: name, Value: value, Allowed: "only the names that `parlor config print` lists", Source: "file " + src.File})
		}
	}
	// Rules between settings are checked even if one of them is wrong by itself:
	// people want all faults at once.
	for _, f := range Fields() {
		for _, b := range c.between() {
			if b.field == f.Name {
				faults = append(faults, Fault{Field: f.Name, Value: c.Value(f), Allowed: b.allowed, Source: sources[f.Name]})
			}
		}
	}
	if len(faults) > 0 {
		return c, faults
	}
	return c, nil
}

// set parses and checks one value; it returns what is allowed if it is wrong.
func (c *Config) set(f Field, value string) string {
	v := reflect.ValueOf(c).Elem().Field(f.index)
	switch p := v.Addr().Interface().(type) {
	case *time.Duration:
		d, err := time.ParseDuration(value)
		lo, _ := time.ParseDuration(f.tag.Get("min"))
		hi, _ := time.ParseDuration(f.tag.Get("max"))
		if err != nil || d < lo || d > hi {
			return f.Allowed
		}
		*p = d
	case *int, *int64:
		n, err := strconv.ParseInt(value, 10, 64)
		lo, _ := strconv.ParseInt(f.tag.Get("min"), 10, 64)
		hi, _ := strconv.ParseInt(f.tag.Get("max"), 10, 64)
		if err != nil || n < lo || n > hi {
			return f.Allowed
		}
		v.SetInt(n)
	case *bool:
		on, ok := switches[strings.ToLower(value)]
		if !ok {
			return f.Allowed
		}
		*p = on
	case *string:
		if one := f.tag.Get("oneof"); one != "" && !contains(strings.Fields(one), value) {
			return f.Allowed
		}
		*p = value
	}
	return c.check(f.Name, value)
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// Proxies is TrustedProxies, parsed.
func (c Config) Proxies() []netip.Prefix { return c.proxies }

// Value returns the text of a field's value, "(hidden)" for a secret that is
// set, and without the password of an address.
func (c Config) Value(f Field) string {
	v := fmt.Sprint(reflect.ValueOf(c).Field(f.index).Interface())
	if f.Secret && v != "" {
		return "(hidden)"
	}
	return redact(v)
}

// redact hides the password of an address.
func redact(v string) string {
	if u, err := url.Parse(v); err == nil && u.User != nil {
		return u.Redacted()
	}
	return v
}

// readFile reads lines of "name = value"; # starts a comment line.
func readFile(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := map[string]string{}
	for i, line := range strings.Split(string(b), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("line %d of the form name = value", i+1)
		}
		value = strings.TrimSpace(value)
		if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		m[strings.TrimSpace(name)] = value
	}
	return m, nil
}
