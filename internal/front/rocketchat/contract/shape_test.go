package contract_test

import (
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contract"
)

// TestDecodeUnnamed says that a property which an open shape does not name is the
// caller's mistake when it is of a type that nobody reads, and not the server's.
func TestDecodeUnnamed(t *testing.T) {
	t.Parallel()
	open := contract.Dict(contract.Must("name", contract.Text)).Open()
	sent := map[string]any{"name": "n", "zone": "Asia/Calcutta"}
	var in struct {
		Name string
		Zone struct{ Name string }
	}
	for _, tc := range []struct {
		shape contract.Shape
		want  string
	}{{open, "[invalid-params]"}, {open.Matched(), "Match"}} {
		err := tc.shape.Decode(sent, &in)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("the error is %v, want one with %s", err, tc.want)
		}
	}
	sent["zone"] = map[string]any{"name": "Asia/Calcutta"}
	if err := open.Decode(sent, &in); err != nil || in.Zone.Name != "Asia/Calcutta" {
		t.Errorf("decoded %+v, %v", in, err)
	}
}
