package recorder

import (
	"encoding/binary"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"parlor/internal/actor"
	"parlor/internal/call"
	"parlor/internal/id"
)

// Bounds of one file. A side of a call has several if it needs them.
const (
	maxFile = 512 << 20
	// patience is how long a picture is waited for before a file begins without its size.
	patience = 2 * time.Second
	// maxEarly bounds the frames that wait meanwhile.
	maxEarly = 1_000
)

// frame is one coded picture, or a piece of sound.
type frame struct {
	kind int
	key  bool
	at   time.Duration
	data []byte
}

// The kinds of media, which are the indexes of everything that exists for both.
const (
	sound = iota
	picture
)

// file writes the media of one side of a call. The first frames wait until the size of
// the picture is known.
type file struct {
	take call.Take
	out  *muxer
	// from is the time of the first frame; times in the file count from there.
	from  time.Duration
	early []frame
	began bool
	err   error
}

// nameOf is the name of a file in progress, from which takeOf reads what it holds.
func nameOf(t call.Take) string {
	return strings.Join([]string{string(t.Tenant), string(t.Call), string(t.Side), strconv.Itoa(t.Part), strconv.FormatInt(t.Offset.Milliseconds(), 10),
		strconv.FormatInt(t.Began.UnixMilli(), 10)}, ".")
}

func takeOf(name string) (t call.Take, ok bool) {
	p := strings.Split(name, ".")
	if len(p) != 6 || !id.Valid(p[1]) || (p[2] != string(actor.Agent) && p[2] != string(actor.Visitor)) {
		return t, false
	}
	part, err1 := strconv.Atoi(p[3])
	offset, err2 := strconv.ParseInt(p[4], 10, 64)
	began, err3 := strconv.ParseInt(p[5], 10, 64)
	return call.Take{Tenant: id.Tenant(p[0]), Call: id.Call(p[1]), Side: actor.Kind(p[2]), Part: part, Offset: time.Duration(offset) * time.Millisecond,
		Began: time.UnixMilli(began).UTC()}, err1 == nil && err2 == nil && err3 == nil
}

// newFile makes a file; nothing is on disk before the first frame. take says all but
// Path, Size, Length and Video.
func newFile(dir string, take call.Take) *file {
	take.Path = filepath.Join(dir, nameOf(take)+ext)
	return &file{take: take}
}

// write adds a frame. done is true if the file is full, or cannot be written; then it is
// to be closed.
func (f *file) write(x frame) (done bool) {
	if !f.began {
		if f.early = append(f.early, x); x.kind != picture || !x.key {
			if x.at-f.early[0].at < patience && len(f.early) < maxEarly {
				return false
			}
		}
		return f.begin()
	}
	return f.put(x)
}

// begin writes the head of the file and what has waited.
func (f *file) begin() bool {
	f.began = true
	early := f.early
	f.early = nil
	width, height := 0, 0
	for _, x := range early {
		if x.kind == picture {
			width, height = 640, 480
			if x.key {
				if w, h := sizeOf(x.data); w > 0 {
					width, height = w, h
					break
				}
			}
		}
	}
	f.take.Video, f.from = width > 0, early[0].at
	if f.out, f.err = newMuxer(f.take.Path, width, height); f.err != nil {
		return true
	}
	for _, x := range early {
		if f.put(x) {
			return true
		}
	}
	return false
}

func (f *file) put(x frame) bool {
	x.at -= f.from
	f.err = f.out.write(x)
	return f.err != nil || f.out.size >= maxFile
}

// close ends the file. ok is false if there is nothing in it; err says that it is not
// whole.
func (f *file) close() (t call.Take, ok bool, err error) {
	if !f.began && len(f.early) > 0 {
		f.begin()
	}
	if f.out == nil {
		return t, false, f.err
	}
	err = errors.Join(f.err, f.out.close())
	f.take.Size, f.take.Length = f.out.size, f.out.last
	return f.take, f.take.Size > 0, err
}

// sizeOf reads the size of the picture from a key frame of VP8, 0 if it is none.
func sizeOf(b []byte) (width, height int) {
	if len(b) < 10 || b[0]&1 != 0 || b[3] != 0x9D || b[4] != 0x01 || b[5] != 0x2A {
		return 0, 0
	}
	return int(binary.LittleEndian.Uint16(b[6:]) & 0x3FFF), int(binary.LittleEndian.Uint16(b[8:]) & 0x3FFF)
}
