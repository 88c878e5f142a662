package desk_test

import (
	"os"
	"testing"

	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
