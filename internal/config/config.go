// Package config is the settings of Parlor: one struct whose tags carry name,
// default and documentation. A flag wins over the environment, that over the
// file, that over the default. No other package reads the environment.
package config

import (
	"fmt"
	"net"
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
	Listen          string        `name:"listen" default:"127.0.0.1:8080" doc:"Address to listen on, host:port."`
	PublicURL       string        `name:"public-url" doc:"Address under which people reach the server, e.g. https://chat.example.com. Empty: taken from the request."`
	Data            string        `name:"data" default:"./data" doc:"Folder for the database and uploads."`
	Database        string        `name:"database" doc:"postgres://… to use PostgreSQL. Empty: SQLite in the data folder."`
	Nats            string        `name:"nats" doc:"nats://… that connects several nodes. Empty: a single node."`
	Uploads         string        `name:"uploads" doc:"Folder for uploads. Empty: uploads below the data folder."`
	MaxUpload       int64         `name:"max-upload" default:"20971520" min:"1024" max:"1073741824" doc:"Largest upload in bytes."`
	RateLimits      string        `name:"rate-limits" default:"on" oneof:"on off" doc:"Limits on requests and messages by address and person."`
	WebhookPrivate  string        `name:"webhook-private" default:"deny" oneof:"deny allow" doc:"Whether webhooks may go to private and loopback addresses."`
	TrustedProxies  string        `name:"trusted-proxies" doc:"Networks whose forwarding headers count, e.g. 10.0.0.0/8,127.0.0.1/32."`
	AgentLostAfter  time.Duration `name:"agent-lost-after" default:"30s" min:"1s" max:"1h" doc:"How long an agent without connections keeps conversations."`
	VisitorGrace    time.Duration `name:"visitor-grace" default:"60s" min:"1s" max:"1h" doc:"How long a dialogue of a UCKeFu page outlives its last connection."`
	PingInterval    time.Duration `name:"ping-interval" default:"25s" min:"1s" max:"5m" doc:"Socket.IO heartbeat interval."`
	PingTimeout     time.Duration `name:"ping-timeout" default:"60s" min:"1s" max:"5m" doc:"Silence after a heartbeat that ends a connection."`
	MaxConnsPerIP   int           `name:"max-conns-per-ip" default:"2000" min:"1" max:"1000000" doc:"Socket.IO connections from one address; not limited when rate-limits is off."`
	MetricsListen   string        `name:"metrics-listen" doc:"Own address for GET /metrics. Empty: on the main address, with metrics-token."`
	MetricsToken    string        `name:"metrics-token" secret:"yes" doc:"Bearer token for GET /metrics on the main address. Empty: not served there."`
	LogLevel        string        `name:"log-level" default:"info" oneof:"debug info warn error" doc:"Least severe level that is logged."`
	LogFormat       string        `name:"log-format" default:"text" oneof:"text json" doc:"Form of log lines."`
	ShutdownTimeout time.Duration `name:"shutdown-timeout" default:"20s" min:"1s" max:"10m" doc:"Longest time a stop may take."`
	AdminEmail      string        `name:"admin-email" doc:"E-mail of the first administrator, created on an empty database."`
	AdminPassword   string        `name:"admin-password" secret:"yes" doc:"Password of the first administrator."`
	// proxies is TrustedProxies, parsed by Validate.
	proxies []netip.Prefix
}

// EnvPrefix starts the name of every environment variable.
const EnvPrefix = "PARLOR_"

// Field describes one setting.
type Field struct {
	Name, Env, Default, Doc, Allowed string
	Secret                           bool
	index                            int
	tag                              reflect.StructTag
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
			Doc: f.Tag.Get("doc"), Allowed: allowed(f), Secret: f.Tag.Get("secret") != "", index: i, tag: f.Tag})
	}
	return list
}

func allowed(f reflect.StructField) string {
	if one := f.Tag.Get("oneof"); one != "" {
		return strings.Join(strings.Fields(one), " or ")
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
	known := map[string]bool{}
	for _, f := range Fields() {
		known[f.Name] = true
		value, from := f.Default, "default"
		if v, ok := file[f.Name]; ok {
			value, from = v, "file "+src.File
		}
		if v, ok := src.Env(f.Env); ok {
			value, from = v, "environment "+f.Env
		}
		if v, ok := src.Flags[f.Name]; ok {
			value, from = v, "flag --"+f.Name
		}
		if why := c.set(f, value); why != "" {
			shown := redact(value)
			if f.Secret {
				shown = "(hidden)"
			}
			faults = append(faults, Fault{Field: f.Name, Value: shown, Allowed: why, Source: from})
		}
	}
	for name, value := range file {
		if !known[name] {
			faults = append(faults, Fault{Field: name, Value: value, Allowed: "only the names that `parlor config print` lists", Source: "file " + src.File})
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

// check holds what a tag cannot say.
func (c *Config) check(name, value string) string {
	switch name {
	case "listen", "metrics-listen":
		if value == "" && name == "metrics-listen" {
			return ""
		}
		_, port, err := net.SplitHostPort(value)
		if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 0 || n > 65535 {
			return "host:port with a port from 0 to 65535"
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
