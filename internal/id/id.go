// Package id holds the typed identifiers by which domains refer to one another.
//
// Row identifiers are UUIDs of version 7 written as 32 lower-case hex digits:
// time-ordered for the index, with 62 random bits so that they cannot be walked.
package id

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync/atomic"
	"time"
)

// The identifiers of the domain. The zero value means "none".
type (
	// Tenant identifies a company; the first one is "main".
	Tenant string
	// Inbox identifies one connected channel account, e.g. a website; it is the public appid.
	Inbox string
	// Agent identifies a person who answers.
	Agent string
	// Team identifies a group of agents with a queue of its own.
	Team string
	// Visitor identifies an anonymous person in an inbox.
	Visitor string
	// Contact identifies a person whom one or several visitors are.
	Contact string
	// Conversation identifies one dialogue.
	Conversation string
	// Message identifies one message.
	Message string
	// Canvas identifies one picture that is drawn on together.
	Canvas string
	// Call identifies one video or voice call.
	Call string
	// File identifies one uploaded file.
	File string
	// Session identifies one login.
	Session string
	// Job identifies one unit of background work.
	Job string
)

// last is the time of the newest identifier in 1/4096 of a millisecond: each is later than
// the one before it.
var last atomic.Int64

// New returns a fresh row identifier (RFC 9562, version 7): milliseconds, 12 bits of the
// time within one, 62 random bits. Those of one process are in the order in which they
// were made.
func New() string {
	now := time.Now()
	at := now.UnixMilli()<<12 | int64(now.Nanosecond()%1_000_000)<<12/1_000_000
	for {
		before := last.Load()
		at = max(at, before+1)
		if last.CompareAndSwap(before, at) {
			break
		}
	}
	var u [16]byte
	_, _ = rand.Read(u[8:]) // never fails since Go 1.24
	binary.BigEndian.PutUint64(u[:], uint64(at>>12)<<16|7<<12|uint64(at&0xFFF))
	u[8] = u[8]&0x3F | 0x80
	var b [32]byte
	hex.Encode(b[:], u[:])
	return string(b[:])
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// robotAgent begins the ids of the agents as which robots answer, and of no others.
const robotAgent = "robot-"

// NewRobot returns the id of the agent as which a new robot answers.
func NewRobot() Agent { return Agent(robotAgent + New()) }

// Robot reports whether a is the agent of a robot.
func (a Agent) Robot() bool {
	return strings.HasPrefix(string(a), robotAgent) && Valid(string(a[len(robotAgent):]))
}

// Secret returns n random base62 characters (about 5.95 bits each) from the
// system's random source.
func Secret(n int) string {
	var sb strings.Builder
	sb.Grow(n)
	buf := make([]byte, n+n/2)
	for sb.Len() < n {
		_, _ = rand.Read(buf) // never fails since Go 1.24
		for _, c := range buf {
			// 248 is the largest multiple of 62 in a byte: no bias.
			if c < 248 && sb.Len() < n {
				sb.WriteByte(base62[c%62])
			}
		}
	}
	return sb.String()
}

// Valid reports whether s has the form of a row identifier.
func Valid(s string) bool {
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
