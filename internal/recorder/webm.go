package recorder

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"time"
)

// The elements of WebM (RFC 8794, RFC 9559) that are written, by their ids.
const (
	idEBML         = 0x1A45DFA3
	idVersion      = 0x4286
	idReadVersion  = 0x42F7
	idMaxID        = 0x42F2
	idMaxSize      = 0x42F3
	idDocType      = 0x4282
	idDocVersion   = 0x4287
	idDocRead      = 0x4285
	idSegment      = 0x18538067
	idSeekHead     = 0x114D9B74
	idSeek         = 0x4DBB
	idSeekID       = 0x53AB
	idSeekPosition = 0x53AC
	idVoid         = 0xEC
	idInfo         = 0x1549A966
	idScale        = 0x2AD7B1
	idDuration     = 0x4489
	idMuxer        = 0x4D80
	idWriter       = 0x5741
	idTracks       = 0x1654AE6B
	idTrack        = 0xAE
	idNumber       = 0xD7
	idUID          = 0x73C5
	idType         = 0x83
	idCodec        = 0x86
	idCodecPrivate = 0x63A2
	idVideo        = 0xE0
	idWidth        = 0xB0
	idHeight       = 0xBA
	idAudio        = 0xE1
	idRate         = 0xB5
	idChannels     = 0x9F
	idCluster      = 0x1F43B675
	idTime         = 0xE7
	idBlock        = 0xA3
	idCues         = 0x1C53BB6B
	idCue          = 0xBB
	idCueTime      = 0xB3
	idCuePlace     = 0xB7
	idCueTrack     = 0xF7
	idCuePosition  = 0xF1
)

// Spans of a cluster. One begins with a whole picture where it can, so that players find
// their way to it.
const (
	clusterMin = time.Second
	clusterMax = 5 * time.Second
	// clusterSize bounds what is kept in memory, in bytes.
	clusterSize = 1 << 20
	// seekRoom is the room for the table of places at the front, which is known at the end.
	seekRoom = 96
)

// muxer writes one WebM file: a track of Opus, and one of VP8 if there is a picture.
// Each cluster is written as a whole; a file that was not ended can be played up to the
// last one.
type muxer struct {
	f    *os.File
	size int64
	// segment is where the segment's content begins; places count from there. seek,
	// info, tracks and duration are places in the file.
	segment, seek, info, tracks, duration int64
	main                                  int
	cluster                               []byte
	begins                                time.Duration
	cues                                  []byte
	last                                  time.Duration
}

// element appends an element with its content.
func element(b []byte, name uint32, content ...[]byte) []byte {
	b = appendID(b, name)
	n := 0
	for _, c := range content {
		n += len(c)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(n)|1<<56) // sizes of eight bytes can be written over
	for _, c := range content {
		b = append(b, c...)
	}
	return b
}

func appendID(b []byte, name uint32) []byte {
	for shift := 24; shift >= 0; shift -= 8 {
		if part := byte(name >> shift); part != 0 || name>>shift != 0 {
			b = append(b, part)
		}
	}
	return b
}

func number(name uint32, v uint64) []byte {
	return element(nil, name, binary.BigEndian.AppendUint64(nil, v))
}

func float(name uint32, v float64) []byte { return number(name, math.Float64bits(v)) }

func words(name uint32, s string) []byte { return element(nil, name, []byte(s)) }

// opusHead is the head of an Opus stream: version 1, two channels, 48 kHz.
var opusHead = []byte{'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 2, 0, 0, 0x80, 0xBB, 0, 0, 0, 0, 0}

// newMuxer makes a file with its head. Without a width it has sound only.
func newMuxer(path string, width, height int) (m *muxer, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o640)
	if err != nil {
		return nil, err
	}
	m = &muxer{f: f, main: sound}
	b := element(nil, idEBML, number(idVersion, 1), number(idReadVersion, 1), number(idMaxID, 4), number(idMaxSize, 8), words(idDocType, "webm"),
		number(idDocVersion, 4), number(idDocRead, 2))
	b = binary.BigEndian.AppendUint64(appendID(b, idSegment), math.MaxUint64>>7) // unknown until the end
	m.segment = int64(len(b))
	m.seek = m.segment
	b = element(b, idVoid, make([]byte, seekRoom-9))
	m.info = int64(len(b))
	info := element(nil, idInfo, number(idScale, uint64(time.Millisecond)), words(idMuxer, "Parlor"), words(idWriter, "Parlor"), float(idDuration, 0))
	b = append(b, info...)
	m.duration = int64(len(b)) - 8
	m.tracks = int64(len(b))
	list := element(nil, idTrack, number(idNumber, 1), number(idUID, 1), number(idType, 2), words(idCodec, "A_OPUS"), element(nil, idCodecPrivate, opusHead),
		element(nil, idAudio, float(idRate, 48_000), number(idChannels, 2)))
	if width > 0 {
		m.main = picture
		list = element(list, idTrack, number(idNumber, 2), number(idUID, 2), number(idType, 1), words(idCodec, "V_VP8"),
			element(nil, idVideo, number(idWidth, uint64(width)), number(idHeight, uint64(height))))
	}
	return m, errors.Join(m.append(element(b, idTracks, list)))
}

// append writes to the end of the file.
func (m *muxer) append(b []byte) error {
	n, err := m.f.Write(b)
	m.size += int64(n)
	return err
}

// write adds a frame; frames of one kind come in the order of time.
func (m *muxer) write(x frame) error {
	age := x.at - m.begins
	if m.cluster != nil && (len(m.cluster)+len(x.data) > clusterSize || age >= clusterMax || age < -clusterMax || x.kind == m.main && x.key && age >= clusterMin) {
		if err := m.flush(); err != nil {
			return err
		}
	}
	if m.cluster == nil {
		m.begins = max(x.at, 0)
		m.cluster = append(make([]byte, 0, 64<<10), number(idTime, uint64(m.begins.Milliseconds()))...)
		if x.kind == m.main && x.key {
			place := element(nil, idCuePlace, number(idCueTrack, uint64(m.main+1)), number(idCuePosition, uint64(m.size-m.segment)))
			m.cues = element(m.cues, idCue, number(idCueTime, uint64(m.begins.Milliseconds())), place)
		}
	}
	head := []byte{0x80 | byte(x.kind+1), 0, 0, 0}
	binary.BigEndian.PutUint16(head[1:], uint16(int16((x.at - m.begins).Milliseconds())))
	if x.key {
		head[3] = 0x80
	}
	m.cluster = element(m.cluster, idBlock, head, x.data)
	m.last = max(m.last, x.at)
	return nil
}

// flush writes the cluster that has gathered.
func (m *muxer) flush() error {
	if m.cluster == nil {
		return nil
	}
	b := element(make([]byte, 0, len(m.cluster)+16), idCluster, m.cluster)
	m.cluster = nil
	return m.append(b)
}

// close ends the file: the places of its parts, its length and its size are written where
// room was left for them. Then it is on disk.
func (m *muxer) close() (err error) {
	defer func() { err = errors.Join(err, m.f.Close()) }()
	if err = m.flush(); err != nil {
		return err
	}
	seeks := seekTo(seekTo(nil, idInfo, m.info-m.segment), idTracks, m.tracks-m.segment)
	if len(m.cues) > 0 {
		seeks = seekTo(seeks, idCues, m.size-m.segment)
		if err = m.append(element(nil, idCues, m.cues)); err != nil {
			return err
		}
	}
	table := element(nil, idSeekHead, seeks)
	table = element(table, idVoid, make([]byte, seekRoom-len(table)-9))
	for at, b := range map[int64][]byte{
		m.seek:        table,
		m.duration:    binary.BigEndian.AppendUint64(nil, math.Float64bits(float64(m.last.Milliseconds()))),
		m.segment - 8: binary.BigEndian.AppendUint64(nil, uint64(m.size-m.segment)|1<<56),
	} {
		if _, err = m.f.WriteAt(b, at); err != nil {
			return err
		}
	}
	return m.f.Sync()
}

// seekTo adds the place of an element to the table. Sizes and places are short there, so
// that the table fits its room.
func seekTo(b []byte, name uint32, place int64) []byte {
	one := append(appendID(nil, idSeekID), 0x84)
	one = appendID(one, name)
	one = append(appendID(one, idSeekPosition), 0x88)
	one = binary.BigEndian.AppendUint64(one, uint64(place))
	return append(append(appendID(b, idSeek), 0x80|byte(len(one))), one...)
}
