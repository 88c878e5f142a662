// Package web carries the built browser applications inside the binary: the agent console, the visitor widget and
// the demo shop. The build (`npm ci && npm run build` in this folder) writes them to dist; a checkout holds only a
// placeholder there, so the module compiles without Node, and Built tells whether there is anything to serve.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Built reports whether the applications were built before this binary was compiled.
func Built() bool {
	_, err := fs.Stat(dist, "dist/console/index.html")
	return err == nil
}

// Files returns the built files with the folders console, widget and demo at its root. Next to each text file lie its
// compressed forms, named with .br and .gz appended. When nothing was built the tree holds a placeholder only.
func Files() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		// Unreachable: fs.Sub fails only for an invalid path, and this one is constant.
		return dist
	}
	return sub
}
