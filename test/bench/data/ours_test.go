//go:build bench

package data

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
	"time"

	"gristmill/dataset/profile"
	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
	"gristmill/ml/frame/parquet"
)

// threads is how many every contender may use.
const threads = 2

// runOurs reads a file, or makes a profile, as a contender does it.
func runOurs(w io.Writer, what, path string, rows int) error {
	runtime.GOMAXPROCS(threads)
	if what == "profile" {
		f, err := wide(rows)
		if err != nil {
			return err
		}
		start, used := time.Now(), cpu()
		p := profile.New(f, profile.Options{Target: "c0"})
		return json.NewEncoder(w).Encode(result{Seconds: time.Since(start).Seconds(), CPU: cpu() - used, Rows: p.Rows})
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // read only
	info, err := file.Stat()
	if err != nil {
		return err
	}
	start, used := time.Now(), cpu()
	var f *frame.Frame
	switch what {
	case "csv":
		f, err = csv.Read(file, csv.Options{Workers: threads})
	case "parquet":
		f, err = parquet.Read(file, info.Size(), parquet.Options{Workers: threads})
	default:
		err = fmt.Errorf("what is %q; expected csv, parquet or profile", what)
	}
	if err != nil {
		return err
	}
	seconds, worked := time.Since(start).Seconds(), cpu()-used
	r := sums(f)
	r.Seconds, r.CPU = seconds, worked
	return json.NewEncoder(w).Encode(r)
}

// cpu returns the processor time of this process so far, in seconds.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
