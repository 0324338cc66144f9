//go:build !lean

package s3_test

import (
	"context"
	"fmt"

	"gristmill/embedded/s3"
)

// The keys are the server's only account, so they cannot be empty.
func ExampleStart() {
	_, err := s3.Start(context.Background(), s3.Config{Dir: "s3", Addr: "127.0.0.1:9000", Args: []string{"internal-s3"}})
	fmt.Println(err)
	// Output: s3: access key and secret key must not be empty
}
