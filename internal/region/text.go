package region

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
)

// Open reads a file of regions: the packed form, or text as Read takes it.
func Open(path string) (t *Table, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read-only
	r := bufio.NewReader(f)
	if magic, err := r.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		return Unpack(r)
	}
	return Read(r, nil)
}

// Read reads lines of the form first|last|country|area|province|city|provider,
// in ascending order, "0" for what is not known. code, if not nil, turns the
// name of a country into what is kept, and says whether province and city are.
func Read(r io.Reader, code func(country string) (kept string, detail bool)) (*Table, error) {
	t := &Table{}
	known := map[Place]uint16{}
	lines := bufio.NewScanner(r)
	end := uint64(0)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		part := strings.Split(lines.Text(), "|")
		if len(part) < 6 {
			return nil, fmt.Errorf("%w: line %d has %d parts", errBad, n, len(part))
		}
		first, err1 := number(part[0])
		last, err2 := number(part[1])
		if err1 != nil || err2 != nil || last < first || uint64(first) < end {
			return nil, fmt.Errorf("%w: line %d has no ascending range", errBad, n)
		}
		if uint64(first) > end {
			t.add(known, uint32(end), Place{}) //nolint:gosec // end is at most first
		}
		t.add(known, first, placeOf(part, code))
		end = uint64(last) + 1
	}
	if end > 0 && end < 1<<32 {
		t.add(known, uint32(end), Place{})
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(t.starts) == 0 || len(t.names) > maxPlaces || len(t.starts) > maxRanges {
		return nil, errBad
	}
	return t, nil
}

func placeOf(part []string, code func(string) (string, bool)) Place {
	text := func(s string) string {
		if s == "0" || s == "内网IP" {
			return ""
		}
		return strings.ReplaceAll(strings.TrimSpace(s), "\t", " ")
	}
	p := Place{text(part[2]), text(part[4]), text(part[5])}
	if code != nil {
		var detail bool
		if p.Country, detail = code(p.Country); !detail {
			p.Province, p.City = "", ""
		}
	}
	return p
}

// add starts a range unless the one before has the same place.
func (t *Table) add(known map[Place]uint16, start uint32, p Place) {
	i, ok := known[p]
	if !ok {
		i = uint16(len(t.names)) //nolint:gosec // Read refuses more than fit
		known[p] = i
		t.names = append(t.names, p)
	}
	if n := len(t.places); n == 0 || t.places[n-1] != i {
		t.starts, t.places = append(t.starts, start), append(t.places, i)
	}
}

func number(s string) (uint32, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return 0, errBad
	}
	four := a.As4()
	return binary.BigEndian.Uint32(four[:]), nil
}

// Pack writes the packed form that Unpack reads.
func (t *Table) Pack(w io.Writer) error {
	var b bytes.Buffer
	for _, p := range t.names {
		b.WriteString(p.Country + "\t" + p.Province + "\t" + p.City + "\n")
	}
	b.WriteByte('\n')
	body := binary.AppendUvarint(nil, uint64(len(t.starts)))
	before := uint32(0)
	for _, s := range t.starts {
		body = binary.AppendUvarint(body, uint64(s-before))
		before = s
	}
	for _, p := range t.places {
		body = binary.AppendUvarint(body, uint64(p))
	}
	b.Write(body)
	zip, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := zip.Write(b.Bytes()); err != nil {
		return err
	}
	return zip.Close()
}
