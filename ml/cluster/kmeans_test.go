package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"gristmill/ml"
	"gristmill/ml/cluster"
)

type golden struct {
	Points, Start, Centers [][]float64
	Inertia, Best4         float64
}

func read(t *testing.T) (g golden, flat []float64) {
	t.Helper()
	b, err := os.ReadFile("testdata/kmeans.json") // by ml/prep/testdata/steps.py
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g, slices.Concat(g.Points...)
}

func TestFromOneStartTheClustersAreScikitLearns(t *testing.T) {
	t.Parallel()
	g, x := read(t)
	f, err := cluster.KMeans{Clusters: 5, Start: g.Start, Tolerance: 1e-10}.Fit(context.Background(), x, 2)
	if err != nil {
		t.Fatal(err)
	}
	for k, c := range g.Centers {
		for j := range c {
			if d := math.Abs(f.Centers[k][j] - c[j]); d > 1e-9 {
				t.Errorf("centre %d is %v, want %v", k, f.Centers[k], c)
			}
		}
	}
	if math.Abs(f.Inertia/g.Inertia-1) > 1e-12 {
		t.Errorf("inertia %v, want %v", f.Inertia, g.Inertia)
	}
}

func TestOwnStartsReachTheBestInertia(t *testing.T) {
	t.Parallel()
	g, x := read(t)
	for seed := range uint64(20) {
		f, err := cluster.KMeans{Clusters: 4, Seed: seed, Tolerance: 1e-12}.Fit(context.Background(), x, 2)
		if err != nil {
			t.Fatal(err)
		}
		if f.Inertia > g.Best4*(1+1e-9) {
			t.Errorf("seed %d: inertia %v, scikit-learn's best of 60 starts is %v", seed, f.Inertia, g.Best4)
		}
		again, _ := cluster.KMeans{Clusters: 4, Seed: seed, Tolerance: 1e-12}.Fit(context.Background(), x, 2)
		if !reflect.DeepEqual(f, again) {
			t.Errorf("seed %d gives two results", seed)
		}
	}
}

func TestMoreStartsAreNotWorse(t *testing.T) {
	t.Parallel()
	_, x := read(t)
	one, _ := cluster.KMeans{Clusters: 17, Seed: 3}.Fit(context.Background(), x, 2)
	ten, err := cluster.KMeans{Clusters: 17, Seed: 3, Restarts: 10}.Fit(context.Background(), x, 2)
	if err != nil || ten.Inertia > one.Inertia {
		t.Errorf("ten starts give %v (%v), the first of them %v", ten.Inertia, err, one.Inertia)
	}
}

func TestFewerDistinctPointsThanClusters(t *testing.T) {
	t.Parallel()
	f, err := cluster.KMeans{Clusters: 4}.Fit(context.Background(), []float64{1, 1, 1, 2, 2}, 1)
	if err != nil || f.Inertia != 0 || len(f.Centers) != 4 {
		t.Errorf("%+v, %v", f, err)
	}
	one, err := cluster.KMeans{Clusters: 1}.Fit(context.Background(), []float64{1, 5}, 1)
	if err != nil || one.Centers[0][0] != 3 || one.Inertia != 8 {
		t.Errorf("%+v, %v", one, err)
	}
}

func TestAnEmptyClusterTakesTheFarthestPoint(t *testing.T) {
	t.Parallel()
	f, err := cluster.KMeans{Clusters: 3, Start: [][]float64{{0}, {1000}, {2000}}}.Fit(context.Background(), []float64{0, 1, 2, 50}, 1)
	if err != nil || f.Inertia > .5 {
		t.Errorf("%+v, %v: want no cluster left empty", f, err)
	}
}

func TestWhatCannotBeClustered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		k cluster.KMeans
		x []float64
		p int
	}{
		"no clusters":      {cluster.KMeans{}, []float64{1, 2}, 1},
		"too few rows":     {cluster.KMeans{Clusters: 3}, []float64{1, 2}, 1},
		"no rows":          {cluster.KMeans{Clusters: 1}, nil, 1},
		"no columns":       {cluster.KMeans{Clusters: 1}, []float64{1}, 0},
		"a ragged table":   {cluster.KMeans{Clusters: 1}, []float64{1, 2, 3}, 2},
		"NaN":              {cluster.KMeans{Clusters: 1}, []float64{1, math.NaN()}, 1},
		"infinity":         {cluster.KMeans{Clusters: 1}, []float64{1, math.Inf(1)}, 1},
		"huge numbers":     {cluster.KMeans{Clusters: 1}, []float64{1, 1e200}, 1},
		"another start":    {cluster.KMeans{Clusters: 2, Start: [][]float64{{1}}}, []float64{1, 2}, 1},
		"a wider start":    {cluster.KMeans{Clusters: 1, Start: [][]float64{{1, 2}}}, []float64{1, 2}, 1},
		"negative numbers": {cluster.KMeans{Clusters: 1, Restarts: -1}, []float64{1, 2}, 1},
	} {
		_, err := c.k.Fit(context.Background(), c.x, c.p)
		var ps ml.Problems
		if !errors.As(err, &ps) {
			t.Errorf("%s: %v, want problems", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (cluster.KMeans{Clusters: 1}).Fit(ctx, []float64{1, 2}, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after cancellation", err)
	}
}

func ExampleKMeans_Fit() {
	f, err := cluster.KMeans{Clusters: 2, Seed: 1}.Fit(context.Background(), []float64{1, 2, 9, 10}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	centers := slices.Concat(f.Centers...)
	slices.Sort(centers)
	fmt.Println(centers, f.Inertia)
	// Output: [1.5 9.5] 1
}
