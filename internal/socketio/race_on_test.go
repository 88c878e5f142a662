//go:build race

package socketio

const raceEnabled = true // the race detector allocates
