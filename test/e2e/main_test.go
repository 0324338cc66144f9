package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"gristmill/test/mill"
)

// grist is the binary under test.
var grist *mill.Mill

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(withBinary(m))
}

// withBinary builds the binary once, unless one is given, and runs the tests.
func withBinary(m *testing.M) int {
	given := os.Getenv("GRISTMILL_BINARY")
	if testing.Short() || given != "" {
		grist = mill.At(given)
		return m.Run()
	}
	made, remove, err := mill.Build()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer remove()
	grist = made
	return m.Run()
}
