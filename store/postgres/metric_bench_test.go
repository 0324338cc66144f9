package postgres_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"gristmill/store/postgres"
	"gristmill/store/postgres/postgrestest"
	"gristmill/tracking"
)

// BenchmarkLogMetrics logs 1000 points a call; the test cluster has fsync off,
// which such a call hardly feels.
func BenchmarkLogMetrics(b *testing.B) {
	ctx := context.Background()
	runs := postgres.NewRuns(postgrestest.Open(b))
	newRun := func(key string) (string, tracking.Writer) {
		r, err := runs.StartRun(ctx, tracking.NewRun{Key: key})
		if err != nil {
			b.Fatal(err)
		}
		epoch, err := runs.Lease(ctx, r.ID, tracking.Step{ID: "train", Kind: "train"})
		if err != nil {
			b.Fatal(err)
		}
		return r.ID, tracking.Writer{Step: "train", Epoch: epoch}
	}
	batch := func(call int64) []tracking.Metric {
		points := make([]tracking.Metric, 1000)
		for i := range points {
			points[i] = tracking.Metric{Key: fmt.Sprintf("m%d", i%10), Value: float64(i), Step: call*100 + int64(i/10), Time: time.UnixMilli(call*1000 + int64(i))}
		}
		return points
	}
	log := func(b *testing.B, run string, w tracking.Writer, points []tracking.Metric) {
		if err := runs.LogMetrics(ctx, run, w, points); err != nil {
			b.Error(err)
		}
	}
	var calls, workers atomic.Int64
	rate := func(b *testing.B) { b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "points/s") }
	b.Run("OneWriter", func(b *testing.B) {
		run, w := newRun("one")
		for b.Loop() {
			log(b, run, w, batch(calls.Add(1)))
		}
		rate(b)
	})
	b.Run("Duplicates", func(b *testing.B) {
		run, w := newRun("duplicates")
		points := batch(0)
		for b.Loop() {
			log(b, run, w, points)
		}
		rate(b)
	})
	b.Run("TwentyWritersOnTheirOwnRuns", func(b *testing.B) {
		b.SetParallelism(10)
		b.RunParallel(func(pb *testing.PB) {
			run, w := newRun(fmt.Sprint("worker ", workers.Add(1)))
			for pb.Next() {
				log(b, run, w, batch(calls.Add(1)))
			}
		})
		rate(b)
	})
	b.Run("TwentyWritersOnOneRun", func(b *testing.B) {
		run, w := newRun("shared")
		b.SetParallelism(10)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				log(b, run, w, batch(calls.Add(1)))
			}
		})
		rate(b)
	})
	b.Run("OnePoint", func(b *testing.B) {
		run, w := newRun("point")
		for b.Loop() {
			log(b, run, w, batch(calls.Add(1))[:1])
		}
	})
	b.Run("HistoryOf100k", func(b *testing.B) {
		run, w := newRun("history")
		for call := range int64(100) {
			points := batch(call)
			for i := range points {
				points[i].Key, points[i].Step = "loss", call*1000+int64(i)
			}
			log(b, run, w, points)
		}
		for b.Loop() {
			if list, err := runs.MetricHistory(ctx, run, "loss"); err != nil || len(list) != 100_000 {
				b.Fatal(len(list), err)
			}
		}
	})
}
