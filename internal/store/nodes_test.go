package store_test

import (
	"testing"

	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// Two handles on one database, like two nodes or a server and a command.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	pair := map[string]func(t *testing.T) (a, b *store.Store){
		store.Postgres: func(t *testing.T) (a, b *store.Store) {
			o := store.Options{Database: storetest.PostgresDSN(t)}
			return storetest.Open(t, o), storetest.Open(t, o)
		},
		store.SQLite: func(t *testing.T) (a, b *store.Store) {
			o := store.Options{Dir: t.TempDir()}
			a = storetest.Open(t, o)
			o.Shared = true
			return a, storetest.Open(t, o)
		},
	}
	for engine, open := range pair {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			t.Run("OneOwnerWithinTheCap", func(t *testing.T) {
				storetest.AssignRace(storetest.NewWorld(t, a, "assign"), a, b)
			})
			t.Run("OneConversationForAVisitor", func(t *testing.T) {
				storetest.StartRace(storetest.NewWorld(t, a, "start"), a, b)
			})
			t.Run("NumbersWithoutGaps", func(t *testing.T) {
				named := 2
				if engine == store.SQLite {
					named = 1 // a command names no messages
				}
				storetest.AppendRace(storetest.NewWorld(t, a, "append"), named, a, b)
			})
		})
	}
}

func TestBackupMovesBetweenEngines(t *testing.T) {
	t.Parallel()
	engines := map[string]func(t testing.TB) *store.Store{store.SQLite: storetest.SQLite, store.Postgres: storetest.Postgres}
	for from, source := range engines {
		for to, target := range engines {
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				storetest.Moves(t, source(t), target(t))
			})
		}
	}
}
