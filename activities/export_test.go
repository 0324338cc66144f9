package activities

// Wire and MaxText are inner parts under test.
var Wire = wire

const MaxText = maxText
