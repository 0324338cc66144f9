package tracking_test

import (
	"fmt"
	"time"

	"gristmill"
	"gristmill/tracking"
)

func ExampleLatest() {
	at := time.UnixMilli(1000)
	points := []tracking.Metric{
		{Key: "train_rmse", Value: 0.9, Time: at, Step: 2},
		{Key: "val_rmse", Value: 1.4, Time: at, Step: 1},
		{Key: "train_rmse", Value: 1.2, Time: at.Add(time.Minute), Step: 1}, // came last, but is of an older step
	}
	for _, m := range tracking.Latest(points) {
		fmt.Println(m.Key, m.Value)
	}
	// Output:
	// train_rmse 0.9
	// val_rmse 1.4
}

func ExampleCheckParams() {
	err := tracking.CheckParams(map[string]string{"train.l2": "1.0", "../up": "x", "note": "a\x00b"})
	fmt.Println(gristmill.Public(err))
	// Output:
	// the params cannot be logged:
	//   params: "../up" is no key; expected 1 to 250 letters, digits, _ - . : / or spaces, in parts that are not empty, "." or ".."
	//   params[note]: the text is not UTF-8 or holds a NUL byte
}

func ExampleCheckWriter() {
	fmt.Println(tracking.CheckWriter("4bc1", tracking.Writer{Step: "train", Epoch: 2}, 2, true))
	fmt.Println(tracking.CheckWriter("4bc1", tracking.Writer{Step: "train", Epoch: 1}, 2, true))
	// Output:
	// <nil>
	// another attempt has taken over step train of run 4bc1 (this one has epoch 1, the newest is 2)
}
