package parquet_test

import (
	"bytes"
	"fmt"
	"io"

	"gristmill/ml/frame"
	"gristmill/ml/frame/parquet"
)

func Example() {
	f, err := frame.New(
		&frame.Column{Field: frame.Field{Name: "day", Type: frame.Timestamp}, Ints: []int64{0, 86400e6, 2 * 86400e6}},
		&frame.Column{Field: frame.Field{Name: "riders", Type: frame.Int64, Nullable: true}, Ints: []int64{120, 0, 97}, Valid: frame.Bitmap{0b101}},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	var file bytes.Buffer
	if err := parquet.Write(&file, f, parquet.WriteOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	r, err := parquet.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()), parquet.Options{BatchRows: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for {
		part, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		for i := range part.Rows() {
			fmt.Printf("%s %q\n", part.At(0).Text(i), part.At(1).Text(i))
		}
	}
	// Output:
	// 1970-01-01 "120"
	// 1970-01-02 ""
	// 1970-01-03 "97"
}
