package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestRateLimitSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, map[string]string{"rate-limits": "on"})
	c := &contracttest.Client{T: t, S: s}
	for range 5 {
		c.Call("POST", "livechat/visitor", `{"visitor":{"token":"x"}}`).Is("success", true)
	}
	a := c.Call("POST", "livechat/visitor", `{"visitor":{"token":"x"}}`)
	if a.Status != 429 || !strings.HasSuffix(fmt.Sprint(a.Get("error")), "[error-too-many-requests]") || a.Header.Get("X-RateLimit-Remaining") != "0" {
		t.Fatal(a.Status, a.Text, a.Header)
	}
}
