package httpx_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"parlor/internal/errs"
	"parlor/internal/front/httpx"
)

// refusal is an error of a contract.
type refusal struct{ client bool }

func (refusal) Error() string    { return "refused" }
func (r refusal) Expected() bool { return r.client }

func TestMistakesOfClientsAreNotLoggedAsFailures(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "/x", nil)
	for _, c := range []struct {
		err    error
		logged bool
	}{
		{errors.New("disk full"), true},
		{fmt.Errorf("in the middle: %w", refusal{}), true},
		{fmt.Errorf("in the middle: %w", refusal{client: true}), false},
		{errs.New(errs.Invalid, "bad", "bad"), false},
	} {
		var out bytes.Buffer
		httpx.LogInternal(slog.New(slog.NewTextHandler(&out, nil)), r, c.err)
		if got := strings.Contains(out.String(), "request failed"); got != c.logged {
			t.Errorf("%v: logged %q", c.err, out.String())
		}
	}
}
