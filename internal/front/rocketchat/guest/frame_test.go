package guest

import (
	"encoding/json"
	"testing"

	"parlor/internal/front/rocketchat/contract"
)

// FuzzFrame: whatever a client sends is decoded or refused, and a token is found
// only where it may be.
func FuzzFrame(f *testing.F) {
	for _, s := range []string{`{"msg":"connect","version":"1","support":["1"]}`, `{"msg":"sub","id":"a","name":"stream-x","params":["r",{"args":[{"token":"t"}]}]}`,
		`{"msg":"method","id":"1","method":"login","params":[{"resume":"x"}]}`, `{"msg":"sub","params":["x",{"args":[[1]]},false]}`, `[]`, `{"params":[null,null]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := readFrame(b)
		if err != nil {
			return
		}
		if !json.Valid(b) {
			t.Fatalf("%q was taken", b)
		}
		if token := tokenOf(m.Params.At(1)); token != "" && len(m.Params) < 2 {
			t.Fatal("a token out of nowhere")
		}
		if v, err := contract.EJSON(m.Params); err == nil && v == nil && m.Params != nil {
			t.Fatal("parameters were lost")
		}
	})
}
