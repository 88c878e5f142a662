// Package house holds the tests of the house rules: which package may import
// which, how large files and functions may get, that exported names are
// documented, and which modules the binary is made of.
package house

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// source is one parsed Go file of the repository.
type source struct {
	path  string // from the root, with slashes
	pkg   string // folder from the root
	lines int
	file  *ast.File
	test  bool
}

func sources(t *testing.T) (list []source, set *token.FileSet) {
	t.Helper()
	set = token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); n == "node_modules" || n == "testdata" || n == ".git" || n == "build" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		list = append(list, source{path: rel, pkg: filepath.ToSlash(filepath.Dir(rel)), lines: bytes.Count(text, []byte("\n")), file: f,
			test: strings.HasSuffix(path, "_test.go") || strings.Contains(rel, "test/")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list, set
}

// room says what kind of package a folder holds.
func room(pkg string) string {
	switch {
	case strings.HasPrefix(pkg, "cmd/"):
		return "cmd"
	case pkg == "internal/front/httpx", pkg == "internal/front/wire", pkg == "internal/front/rocketchat/contract":
		return "plumbing"
	case strings.HasPrefix(pkg, "internal/front/"):
		return "front"
	case strings.HasPrefix(pkg, "internal/channel/"):
		return "channel"
	case strings.HasPrefix(pkg, "internal/store"):
		return "store"
	case strings.HasPrefix(pkg, "internal/socketio"), pkg == "internal/wsconn", pkg == "internal/wheel", strings.HasPrefix(pkg, "internal/wsconn/"):
		return "transport"
	case pkg == "internal/server", pkg == "internal/bench":
		return strings.TrimPrefix(pkg, "internal/")
	case strings.HasPrefix(pkg, "internal/bus"):
		return "bus"
	case pkg == "web":
		return "web"
	}
	switch strings.TrimPrefix(pkg, "internal/") {
	case "errs", "id", "clock", "actor", "event", "config", "setting", "memo", "sheet", "audit", "region", "mask", "pdf", "sign", "ext", "token", "outward":
		return "leaf"
	case "realtime":
		return "realtime"
	case "routing", "demo", "timer", "fill", "hook", "report", "canvas", "importer", "transcript", "priority", "sms", "circular", "mailroom", "intake", "binder", "window", "call", "relay", "recorder", "robot", "alarm", "identity", "export":
		return "upper"
	}
	return "domain"
}

// may holds the arrows: which rooms the packages of a room may import.
var may = map[string][]string{
	"leaf":      {"leaf"},
	"transport": {"transport"},
	"domain":    {"leaf"},
	"upper":     {"leaf", "domain", "upper", "bus"},
	"realtime":  {"leaf", "domain"},
	"bus":       {"leaf", "bus"},
	"store":     {"leaf", "domain", "upper", "store"},
	"plumbing":  {"leaf", "domain", "upper"},
	"front":     {"leaf", "domain", "upper", "realtime", "plumbing", "transport"},
	"channel":   {"leaf", "domain", "upper", "realtime"},
	"bench":     {"leaf", "transport"},
	"server":    {"leaf", "domain", "upper", "realtime", "bus", "store", "plumbing", "front", "channel", "transport", "web"},
	"cmd":       {"leaf", "domain", "upper", "bus", "server", "bench", "web", "front"},
	"web":       {},
}

func TestImportsFollowTheArrows(t *testing.T) {
	t.Parallel()
	list, _ := sources(t)
	arrows := 0
	for _, s := range list {
		if s.test {
			continue
		}
		for _, imp := range s.file.Imports {
			path, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			to, ours := strings.CutPrefix(path, "parlor/")
			if !ours || to == s.pkg {
				continue
			}
			arrows++
			from := room(s.pkg)
			if !slices.Contains(may[from], room(to)) {
				t.Errorf("%s (%s) must not import %s (%s)", s.path, from, to, room(to))
			}
		}
	}
	if arrows < 50 {
		t.Fatalf("only %d imports of ours were seen: the test looks in the wrong place", arrows)
	}
}

func TestOnlyStoreKnowsSQL(t *testing.T) {
	t.Parallel()
	list, _ := sources(t)
	for _, s := range list {
		if s.test || room(s.pkg) == "store" {
			continue
		}
		for _, imp := range s.file.Imports {
			for _, sql := range []string{"database/sql", "github.com/jackc/pgx", "modernc.org/sqlite"} {
				if strings.Contains(imp.Path.Value, sql) {
					t.Errorf("%s imports %s", s.path, imp.Path.Value)
				}
			}
		}
	}
}

// Budgets of size, from the style guide.
const (
	maxFile, mostFiles = 800, 500
	maxFunc, mostFuncs = 100, 55
	maxPackageLines    = 6000
)

// large names what may exceed a budget, and why.
var large = map[string]string{
	"internal/store": "the only package that knows SQL, with a file for each domain",
}

func TestSizeBudgets(t *testing.T) {
	t.Parallel()
	list, set := sources(t)
	var files, funcs []int
	packages := map[string]int{}
	for _, s := range list {
		if s.test {
			continue
		}
		files = append(files, s.lines)
		packages[s.pkg] += s.lines
		if s.lines > maxFile && large[s.path] == "" {
			t.Errorf("%s has %d lines, %d are allowed", s.path, s.lines, maxFile)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			n := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1
			funcs = append(funcs, n)
			if name := s.path + ":" + f.Name.Name; n > maxFunc && large[name] == "" {
				t.Errorf("%s has %d lines, %d are allowed", name, n, maxFunc)
			}
		}
	}
	if n := percentile(files, 95); n > mostFiles {
		t.Errorf("95 %% of files have up to %d lines, %d are allowed", n, mostFiles)
	}
	if n := percentile(funcs, 95); n > mostFuncs {
		t.Errorf("95 %% of functions have up to %d lines, %d are allowed", n, mostFuncs)
	}
	for pkg, n := range packages {
		if n > maxPackageLines && large[pkg] == "" {
			t.Errorf("package %s has %d lines, %d are allowed", pkg, n, maxPackageLines)
		}
	}
	t.Logf("%d files, median %d, 95 %% %d lines; %d functions, median %d, 95 %% %d lines", len(files), percentile(files, 50), percentile(files, 95),
		len(funcs), percentile(funcs, 50), percentile(funcs, 95))
}

func percentile(list []int, p int) int {
	slices.Sort(list)
	return list[len(list)*p/100]
}

func TestExportedNamesAreDocumented(t *testing.T) {
	t.Parallel()
	list, _ := sources(t)
	for _, s := range list {
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: %s has no comment", s.path, name)
			}
		}
	}
}

func undocumented(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil && ts.Comment == nil {
				names = append(names, ts.Name.Name)
			}
		}
	}
	return names
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if ix, ok := t.(*ast.IndexExpr); ok {
		t = ix.X
	}
	ident, ok := t.(*ast.Ident)
	return ok && ident.IsExported()
}

func TestEveryTestIsParallelAndAwake(t *testing.T) {
	t.Parallel()
	list, _ := sources(t)
	for _, s := range list {
		if !strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			called := map[string]bool{}
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok {
					if sel, ok := c.Fun.(*ast.SelectorExpr); ok {
						if x, ok := sel.X.(*ast.Ident); ok {
							called[x.Name+"."+sel.Sel.Name] = true
						}
					}
				}
				return true
			})
			name := s.path + ":" + f.Name.Name
			if strings.HasPrefix(f.Name.Name, "Test") && f.Name.Name != "TestMain" && !called["t.Parallel"] && alone[name] == "" {
				t.Errorf("%s does not call t.Parallel", name)
			}
			if called["time.Sleep"] {
				t.Errorf("%s sleeps; wait for a signal or use a stub clock", name)
			}
		}
	}
}

// alone names tests that cannot run beside others, and why.
var alone = map[string]string{}

func TestDependencyListIsCurrent(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./cmd/parlor")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	have := strings.Fields(string(out))
	slices.Sort(have)
	have = slices.Compact(have)
	b, err := os.ReadFile(filepath.Join(root, "cmd/parlor/dependencies.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	reasons := 0
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, reason, direct := strings.Cut(line, " ")
		want = append(want, name)
		if direct && len(strings.TrimSpace(reason)) > 10 {
			reasons++
		}
	}
	slices.Sort(want)
	for _, m := range have {
		if !slices.Contains(want, m) {
			t.Errorf("%s is new: add it to cmd/parlor/dependencies.txt, with a reason if it is direct", m)
		}
	}
	for _, m := range want {
		if !slices.Contains(have, m) {
			t.Errorf("%s is no longer in the binary: take it off cmd/parlor/dependencies.txt", m)
		}
	}
	direct := directModules(t)
	if len(direct) > 20 {
		t.Errorf("%d direct dependencies, 20 are allowed", len(direct))
	}
	inBinary := 0
	for _, m := range direct {
		if slices.Contains(have, m) {
			inBinary++
		}
	}
	if reasons != inBinary {
		t.Errorf("%d modules of the list have a reason, %d are direct", reasons, inBinary)
	}
}

func directModules(t *testing.T) (list []string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(f) >= 2 && strings.Contains(f[0], ".") && strings.HasPrefix(f[1], "v") && !strings.Contains(line, "// indirect") {
			list = append(list, f[0])
		}
	}
	if len(list) == 0 {
		t.Fatal(fmt.Errorf("no direct dependency found in go.mod"))
	}
	return list
}
