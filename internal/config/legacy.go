package config

import "net"

// Settings of UCKeFu that are understood in a settings file and, in capitals
// with underscores, in the environment. A name of ours beats its old one.
const (
	legacyHost    = "uk.im.server.host"
	legacyPort    = "uk.im.server.port"
	legacyThreads = "uk.im.server.threads"
	legacyUploads = "web.upload-path"
)

// legacyEnv are the names of the environment.
var legacyEnv = map[string]string{legacyHost: "UK_IM_SERVER_HOST", legacyPort: "UK_IM_SERVER_PORT", legacyThreads: "UK_IM_SERVER_THREADS", legacyUploads: "WEB_UPLOAD_PATH"}

func legacyName(name string) bool { return legacyEnv[name] != "" }

// given is a value and where it came from.
type given struct{ value, from string }

// legacy holds what old names say, by the new name.
type legacy struct{ file, env map[string]given }

// aliases translates old names. Host and port meet in listen; the one that is
// missing is that of the default.
func aliases(file map[string]string, env func(string) (string, bool), path string) legacy {
	return legacy{
		file: translate(func(name string) (given, bool) {
			v, ok := file[name]
			return given{v, "file " + path + ", " + name}, ok
		}),
		env: translate(func(name string) (given, bool) {
			v, ok := env(legacyEnv[name])
			return given{v, "environment " + legacyEnv[name]}, ok
		}),
	}
}

func translate(get func(string) (given, bool)) map[string]given {
	m := map[string]given{}
	if v, ok := get(legacyUploads); ok {
		m["uploads"] = v
	}
	if v, ok := get(legacyThreads); ok {
		m["workers"] = v
	}
	host, hasHost := get(legacyHost)
	port, hasPort := get(legacyPort)
	if !hasHost && !hasPort {
		return m
	}
	from := host.from
	if !hasHost {
		host.value, from = "127.0.0.1", port.from
	}
	if !hasPort {
		port.value = "8080"
	}
	m["listen"] = given{net.JoinHostPort(host.value, port.value), from}
	return m
}
