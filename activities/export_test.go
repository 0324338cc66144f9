package activities

// Wire, ErrStopped and MaxText are inner parts under test.
var (
	Wire       = wire
	ErrStopped = errStopped
)

const MaxText = maxText
