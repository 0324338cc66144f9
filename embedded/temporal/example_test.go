//go:build !lean

package temporal_test

import (
	"context"
	"fmt"

	"gristmill/embedded/temporal"
)

// Addresses are checked before anything is started.
func ExampleStart() {
	_, err := temporal.Start(context.Background(), temporal.Config{
		PostgresAddr: "127.0.0.1:5433", User: "gristmill", Password: "secret",
		Addr: "temporal.example:7233",
	})
	fmt.Println(err)
	// Output: temporal: "temporal.example:7233" is no address of the form IP:port
}
