package activities_test

import (
	"fmt"

	"go.temporal.io/sdk/temporal"

	"gristmill"
	"gristmill/activities"
)

// What failed in an activity is read from a workflow's error, for a person.
func ExampleFailureOf() {
	err := temporal.NewNonRetryableApplicationError("invalid spec", string(gristmill.Invalid), nil,
		activities.Failure{Kind: gristmill.Invalid, Msg: "invalid spec", Problems: []gristmill.Problem{{Line: 3, Column: 7, Msg: "train.l2: -1 is no number of at least 0"}}})
	if f, ok := activities.FailureOf(fmt.Errorf("activity error: %w", err)); ok {
		fmt.Println(f.Error().Public())
	}
	// Output:
	// invalid spec:
	//   3:7: train.l2: -1 is no number of at least 0
}
