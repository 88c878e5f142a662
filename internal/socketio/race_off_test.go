//go:build !race

package socketio

const raceEnabled = false // the race detector allocates
