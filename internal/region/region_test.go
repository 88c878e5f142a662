package region_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parlor/internal/region"
)

func TestBuiltinKnowsChineseCities(t *testing.T) {
	t.Parallel()
	table, err := region.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]region.Place{
		"114.215.224.9":         {Country: "CN", Province: "浙江省", City: "杭州市"},
		"::ffff:114.215.224.9":  {Country: "CN", Province: "浙江省", City: "杭州市"},
		"1.0.2.1":               {Country: "CN", Province: "福建省", City: "福州市"},
		"8.8.8.8":               {Country: "US"},
		"200.147.3.157":         {Country: "BR"},
		"127.0.0.1":             {},
		"10.1.2.3":              {},
		"255.255.255.255":       {},
		"0.0.0.0":               {},
		"2001:4860:4860::8888":  {},
		"not an address":        {},
		"":                      {},
		"114.215.224.9, 1.0.2.": {},
	} {
		if got := table.Find(address); got != want {
			t.Errorf("%s: %+v, want %+v", address, got, want)
		}
	}
	if got := (*region.Table)(nil).Find("8.8.8.8"); got != (region.Place{}) {
		t.Errorf("no table knows %+v", got)
	}
}

const text = "1.0.0.0|1.0.0.255|澳大利亚|0|0|0|0\n1.0.1.0|1.0.3.255|中国|0|福建省|福州市|电信\n\n1.0.8.0|1.0.8.255|中国|0|0|0|0\n"

func TestOwnFile(t *testing.T) {
	t.Parallel()
	read, err := region.Read(strings.NewReader(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := read.Pack(&b); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"text": []byte(text), "packed": b.Bytes()} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		table, err := region.Open(path)
		if err != nil {
			t.Fatal(name, err)
		}
		for address, want := range map[string]region.Place{"0.255.255.255": {}, "1.0.0.0": {Country: "澳大利亚"},
			"1.0.3.255": {Country: "中国", Province: "福建省", City: "福州市"}, "1.0.4.0": {}, "1.0.8.7": {Country: "中国"}, "1.0.9.0": {}} {
			if got := table.Find(address); got != want {
				t.Errorf("%s %s: %+v", name, address, got)
			}
		}
	}
	if _, err := region.Open(filepath.Join(dir, "none")); err == nil {
		t.Error("a missing file was opened")
	}
	for _, bad := range []string{"", "x", "1.0.0.0|0.0.0.1|a|0|b|c", "1.0.0.0|1.0.0.9|a|0|b|c\n1.0.0.5|1.0.1.0|a|0|b|c"} {
		if _, err := region.Read(strings.NewReader(bad), nil); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	read, err := region.Read(strings.NewReader(text), nil)
	if err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	if err := read.Pack(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := region.Unpack(bytes.NewReader(data))
		if (table == nil) == (err == nil) && err == nil {
			t.Fatal("neither a table nor an error")
		}
		if err == nil {
			table.Find("8.8.8.8")
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(text)
	f.Add("1.0.0.0|255.255.255.255|a|0|b|c")
	f.Fuzz(func(_ *testing.T, s string) {
		if table, err := region.Read(strings.NewReader(s), nil); err == nil {
			table.Find("1.0.1.1")
		}
	})
}
