package recorder

// packet is what is kept of a packet until its turn comes.
type packet struct {
	seq    uint16
	at     uint32
	marker bool
	data   []byte
}

// ringSize is how many packets can wait for one that is missing.
const ringSize = 1024

// order puts packets back into the order in which they were sent. One that is missing is
// waited for, for browsers send it again, until so many later ones are there that it
// counts as lost.
type order struct {
	late  uint16
	ring  [ringSize]packet
	there [ringSize]bool
	// next is the number that comes next, end the one after the newest that came.
	next, end uint16
	begun     bool
	// leapt is true from a leap on until the first packet behind it is popped.
	leapt bool
}

// push takes a packet. One that comes after its turn, or again, is left out. A leap that
// is longer than the ring is a new beginning.
func (o *order) push(p packet) {
	ahead := p.seq - o.next
	switch {
	case !o.begun, ahead >= ringSize && ahead < 1<<15:
		o.leapt = o.begun
		o.there = [ringSize]bool{}
		o.ring = [ringSize]packet{}
		o.next, o.end, o.begun = p.seq, p.seq+1, true
	case ahead >= 1<<15:
		return
	}
	o.ring[p.seq%ringSize], o.there[p.seq%ringSize] = p, true
	if p.seq-o.end < 1<<15 {
		o.end = p.seq + 1
	}
}

// pop returns the packet whose turn it is. lost says that those before it are lost; ok is
// false if it is waited for.
func (o *order) pop() (p packet, lost, ok bool) {
	for o.begun && o.next != o.end {
		at := o.next % ringSize
		if o.there[at] {
			p = o.ring[at]
			o.ring[at], o.there[at] = packet{}, false
			o.next++
			lost, o.leapt = lost || o.leapt, false
			return p, lost, true
		}
		if o.end-o.next <= o.late {
			return p, lost, false
		}
		o.next++
		lost = true
	}
	return p, lost, false
}

// assembler makes frames out of packets in order: one of each with sound, one of all
// packets of a picture.
type assembler struct {
	kind int
	data []byte
	at   uint32
	// open is true while a picture is being put together.
	open bool
}

// gap says that packets before the next one are lost.
func (a *assembler) gap() { a.open = false }

// add takes the next packet. ok is true if it ends a frame, which holds until the next
// call.
func (a *assembler) add(p packet) (data []byte, ok bool) {
	if a.kind == sound {
		return p.data, len(p.data) > 0
	}
	if len(p.data) == 0 {
		return nil, false // padding, by which browsers try how much they may send
	}
	n := descriptor(p.data)
	if n == 0 {
		a.open = false
		return nil, false
	}
	const start, partition = 0x10, 0x07
	if p.data[0]&start != 0 && p.data[0]&partition == 0 {
		a.open, a.at, a.data = true, p.at, a.data[:0]
	}
	if !a.open || a.at != p.at || len(a.data)+len(p.data) > maxPicture {
		a.open = false
		return nil, false
	}
	a.data = append(a.data, p.data[n:]...)
	if !p.marker {
		return nil, false
	}
	a.open = false
	return a.data, true
}

// maxPicture bounds one coded picture, in bytes.
const maxPicture = 4 << 20

// descriptor is the length of the descriptor of a VP8 packet (RFC 7741), 0 if it is not
// whole or nothing follows it.
func descriptor(b []byte) int {
	const extended, pictureID, level, layer, long = 0x80, 0x80, 0x40, 0x30, 0x80
	n := 1
	if len(b) > 1 && b[0]&extended != 0 {
		flags := b[1]
		n++
		if flags&pictureID != 0 {
			if len(b) <= n {
				return 0
			}
			if b[n]&long != 0 {
				n++
			}
			n++
		}
		if flags&level != 0 {
			n++
		}
		if flags&layer != 0 {
			n++
		}
	}
	if len(b) <= n {
		return 0
	}
	return n
}
