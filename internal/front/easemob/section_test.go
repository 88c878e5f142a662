package easemob_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// contract are the numbered sections of the contract that say something of the wire.
var contract = map[int]int{1: 6, 2: 5, 3: 10, 4: 6, 5: 2, 6: 2}

var (
	sectionLine = regexp.MustCompile(`(?m)^Section: (.+)$`)
	sectionRow  = regexp.MustCompile(`(?m)^\| (\d\.\d+) [^|]* \| (served|elsewhere|not served) \| ([^|]+) \|$`)
)

// TestEverySectionHasATranscript: docs/easemob.md says of each section whether it is
// served, and each that is has transcripts, by the names that stand there.
func TestEverySectionHasATranscript(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	held, all := map[string][]string{}, ""
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all += string(b)
		m := sectionLine.FindSubmatch(b)
		if m == nil {
			t.Errorf("%s names no section", file)
			continue
		}
		for s := range strings.SplitSeq(string(m[1]), ", ") {
			held[s] = append(held[s], strings.TrimSuffix(filepath.Base(file), ".txt"))
		}
	}
	doc, err := os.ReadFile("../../../docs/easemob.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for _, m := range sectionRow.FindAllStringSubmatch(string(doc), -1) {
		rows[m[1]] = m[2:]
	}
	for chapter, last := range contract {
		for n := 1; n <= last; n++ {
			s := fmt.Sprintf("%d.%d", chapter, n)
			row := rows[s]
			delete(rows, s)
			switch {
			case row == nil:
				t.Errorf("docs/easemob.md does not say whether %s is served", s)
			case row[0] != "served" && (len(held[s]) > 0 || len(row[1]) < 20):
				t.Errorf("%s is %s, has the transcripts %v and the reason %q", s, row[0], held[s], row[1])
			case row[0] == "served" && len(held[s]) == 0:
				t.Errorf("%s has no transcript", s)
			case row[0] == "served":
				for _, name := range held[s] {
					if !slices.Contains(strings.Fields(strings.ReplaceAll(row[1], ",", " ")), name) {
						t.Errorf("the row of %s does not name %s: %q", s, name, row[1])
					}
				}
			}
			delete(held, s)
		}
	}
	for s := range rows {
		t.Errorf("there is no section %s", s)
	}
	for s, names := range held {
		t.Errorf("%v tell of %s, which does not exist", names, s)
	}
	for _, code := range []string{"API_001", "API_002", "API_003", "API_004", "API_111", "API_112", "API_120", "API_400", "WEBIM_338", "KEFU_ROBOT_INTEGRATION_0207",
		"IM user create fail.", "IM user not found."} {
		if !strings.Contains(all, `"`+code+`"`) {
			t.Errorf("no transcript is answered with %s", code)
		}
	}
}
