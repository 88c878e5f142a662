package house

import (
	"fmt"
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestCoverageOfTheContractNamesRealTests reads docs/uckefu.md: every weak point,
// acceptance test and promised feature stands there, with tests that exist.
func TestCoverageOfTheContractNamesRealTests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "/docs/uckefu.md")
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := os.ReadFile(root + "/internal/front/uckefu/acceptance_test.go")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	list, _ := sources(t)
	for _, s := range list {
		if !s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				known[f.Name.Name] = true
			}
		}
	}
	row := regexp.MustCompile("^\\| ([ASR]?\\d+) \\|")
	named := regexp.MustCompile("`(Test\\w+|\\d\\d [^`]+)`")
	seen := map[string]int{}
	for _, line := range strings.Split(string(text), "\n") {
		proofs := named.FindAllStringSubmatch(line, -1)
		for _, p := range proofs {
			if strings.HasPrefix(p[1], "Test") && !known[p[1]] || !strings.HasPrefix(p[1], "Test") && !strings.Contains(string(accepted), `"`+p[1]+`"`) {
				t.Errorf("there is no test %q:\n%s", p[1], line)
			}
		}
		if m := row.FindStringSubmatch(line); m != nil {
			seen[m[1]] += len(proofs)
		}
	}
	want := []string{"1", "2", "11", "72", "74", "75", "76", "77", "80", "81", "82", "83", "85", "99", "101", "102"}
	for _, r := range []struct {
		prefix   string
		from, to int
	}{{"S", 1, 14}, {"R", 1, 16}, {"A", 1, 20}, {"", 14, 51}, {"", 59, 63}} {
		for i := r.from; i <= r.to; i++ {
			want = append(want, fmt.Sprint(r.prefix, i))
		}
	}
	for _, w := range want {
		if w != "A17" && seen[w] == 0 {
			t.Errorf("nothing proves %s", w)
		}
	}
}
