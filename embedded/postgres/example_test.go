//go:build !lean

package postgres_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gristmill/embedded/child"
	"gristmill/embedded/postgres"
)

// A cluster of one's own, for as long as it is wanted.
func ExampleStart() {
	ctx := context.Background()
	data, err := os.MkdirTemp("", "gristmill-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(data)
	addrs, err := child.FreeAddrs(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := postgres.Start(ctx, postgres.Config{Dir: filepath.Join(data, "postgres"), Addr: addrs[0]})
	if err != nil {
		fmt.Println(err)
		return
	}
	dsn := strings.NewReplacer(s.Password(), "PASSWORD", addrs[0], "ADDR").Replace(s.DSN("gristmill"))
	fmt.Println(dsn)
	fmt.Println(s.Stop(ctx), s.Err())
	// Output:
	// postgres://gristmill:PASSWORD@ADDR/gristmill?sslmode=disable
	// <nil> <nil>
}
