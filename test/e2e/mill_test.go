package e2e

import "testing"

// A day at one stack: people with their own data, refused models, versions that
// are promoted and brought back, and all kinds of bad input, beside each other.
func TestDayAtTheMill(t *testing.T) {
	s := grist.Stack(t)
	s.Up(t)
	tenRows(t, s) // before anything runs beside it
	t.Parallel()
	t.Run("own data", func(t *testing.T) {
		t.Parallel()
		ownData(t, s)
	})
	t.Run("a gate refuses", func(t *testing.T) {
		t.Parallel()
		gateRefuses(t, s)
	})
	t.Run("promote and roll back", func(t *testing.T) {
		t.Parallel()
		promoteAndRollBack(t, s)
	})
	t.Run("bad input", func(t *testing.T) {
		t.Parallel()
		badInput(t, s)
	})
	t.Run("looking around", func(t *testing.T) {
		t.Parallel()
		lookAround(t, s)
	})
}
