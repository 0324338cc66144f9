package remote_test

import (
	"context"
	"fmt"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/remote"
)

// Whoever may write a spec does not reach what is beside the worker.
func Example() {
	reach, err := remote.NewReach([]string{"http://warehouse.internal:8080"})
	if err != nil {
		fmt.Println(err)
		return
	}
	web := remote.NewHTTP(reach, nil, remote.HTTPConfig{})
	address, err := dataset.ParseSource("http://169.254.169.254/latest/meta-data")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = web.Open(context.Background(), address)
	fmt.Println(gristmill.KindOf(err))
	fmt.Println(gristmill.Public(err))
	// Output:
	// forbidden
	// source http://169.254.169.254/latest/meta-data: host 169.254.169.254 is a link-local address, which specs may not reach; start the worker with --allow-url http://169.254.169.254:80 to allow it
}
