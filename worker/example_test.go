package worker_test

import (
	"fmt"

	"gristmill/worker"
)

// A process without an identity works nothing.
func ExampleNew() {
	_, err := worker.New(nil, worker.Activities{}, worker.Config{})
	fmt.Println(err)
	// Output: make workers: the identity is missing
}
