// Package region says where an IPv4 address is: country, and within China the
// province and city. Nothing is asked of anybody: the table is part of the
// program, or a file that the installation names.
package region

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the built-in table
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// Place is where an address is. What is not known is empty.
type Place struct {
	// Country is an ISO 3166 code, or a name where the table has no code.
	Country string `json:"country,omitempty"`
	// Province and City are written as people there write them.
	Province string `json:"province,omitempty"`
	City     string `json:"city,omitempty"`
}

// Table finds places of addresses. It is safe for concurrent use.
type Table struct {
	// starts are the first addresses of ranges, ascending; the range goes on until
	// the next start. places holds the index of its place.
	starts []uint32
	places []uint16
	names  []Place
}

//go:embed region.bin
var packed []byte

var builtin = sync.OnceValues(func() (*Table, error) { return Unpack(bytes.NewReader(packed)) })

// Builtin returns the table that is part of the program. It is unpacked at the
// first call, to about 1.3 MB.
func Builtin() (*Table, error) { return builtin() }

// Find returns the place of an address as text, the zero Place if it is not an
// IPv4 address or not known.
func (t *Table) Find(address string) Place {
	a, err := netip.ParseAddr(address)
	if err != nil || t == nil {
		return Place{}
	}
	if a = a.Unmap(); !a.Is4() {
		return Place{}
	}
	four := a.As4()
	i, found := slices.BinarySearch(t.starts, binary.BigEndian.Uint32(four[:]))
	if !found {
		i--
	}
	if i < 0 {
		return Place{}
	}
	return t.names[t.places[i]]
}

// Bounds of what Unpack and Read accept.
const (
	maxPacked = 64 << 20
	maxRanges = 4 << 20
	maxPlaces = 1 << 16
)

var errBad = errors.New("this is not a table of regions")

// Unpack reads the packed form: gzip over a line for each place (country, tab,
// province, tab, city), an empty line, the number of ranges, and for each range
// the distance to the one before and the index of its place, all as varints.
func Unpack(r io.Reader) (*Table, error) {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBad, err)
	}
	all, err := io.ReadAll(io.LimitReader(zip, maxPacked))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBad, err)
	}
	head, body, ok := bytes.Cut(all, []byte("\n\n"))
	if !ok {
		return nil, errBad
	}
	t := &Table{}
	for line := range strings.SplitSeq(string(head), "\n") {
		part := strings.Split(line, "\t")
		if len(part) != 3 || len(t.names) == maxPlaces {
			return nil, errBad
		}
		t.names = append(t.names, Place{part[0], part[1], part[2]})
	}
	if err := t.ranges(body); err != nil {
		return nil, err
	}
	return t, nil
}

// ranges reads the numbers of the packed form.
func (t *Table) ranges(body []byte) error {
	next := func() uint64 {
		v, n := binary.Uvarint(body)
		if n <= 0 {
			body = nil
			return 1 << 63
		}
		body = body[n:]
		return v
	}
	n := next()
	if n == 0 || n > maxRanges || n > uint64(len(body)) {
		return errBad
	}
	t.starts, t.places = make([]uint32, 0, n), make([]uint16, 0, n)
	at := uint64(0)
	for i := range n {
		step := next()
		if at += step; step > 1<<32-1 || at > 1<<32-1 || (step == 0 && i > 0) {
			return errBad
		}
		t.starts = append(t.starts, uint32(at)) //nolint:gosec // checked above
	}
	for range n {
		place := next()
		if place >= uint64(len(t.names)) {
			return errBad
		}
		t.places = append(t.places, uint16(place)) //nolint:gosec // names are at most 65536
	}
	return nil
}
