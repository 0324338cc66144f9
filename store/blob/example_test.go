package blob_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"gristmill/store/blob"
)

func Example() {
	dir, err := os.MkdirTemp("", "blobs")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	store, err := blob.NewDir(dir)
	if err != nil {
		log.Fatal(err)
	}

	ref, err := store.Put(ctx, strings.NewReader("age,churn\n41,No\n"), "text/csv")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ref.Digest.Short(), ref.Size, ref.Type)

	data, err := store.Get(ctx, ref.Digest, 1<<20)
	fmt.Printf("%q %v\n", data, err)
	// Output:
	// eec0f5c86d76 16 text/csv
	// "age,churn\n41,No\n" <nil>
}
