package mltest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gristmill/ml"
	"gristmill/ml/frame"
)

const (
	rows     = 157 // not a multiple of any block
	features = 5
)

// Regression returns rows of five features on different scales, one of them
// whole numbers, and a target that is linear in them with noise.
func Regression(seed uint64) ml.Data {
	x, z, rng := table(seed)
	y := make([]float64, rows)
	for i := range y {
		y[i] = 3 + 2*z[i][0] - z[i][1] + 0.5*z[i][2] + 0.3*rng.NormFloat64()
	}
	return ml.Data{X: x, Y: y}
}

// Classification returns the same features with k overlapping classes.
func Classification(seed uint64, k int) ml.Data {
	x, z, rng := table(seed)
	d := ml.Data{X: x, Y: make([]float64, rows)}
	for c := range k {
		d.Classes = append(d.Classes, fmt.Sprintf("class %d", c))
	}
	for i := range d.Y {
		best := math.Inf(-1)
		for c := range k {
			angle := 2 * math.Pi * float64(c) / float64(k)
			score := 1.5*(z[i][0]*math.Cos(angle)+z[i][1]*math.Sin(angle)) + rng.NormFloat64()
			if score > best {
				best, d.Y[i] = score, float64(c)
			}
		}
	}
	return d
}

func table(seed uint64) (*frame.Frame, [][features]float64, *rand.Rand) {
	rng := rand.New(rand.NewPCG(seed, 11))
	z := make([][features]float64, rows)
	cols := make([]*frame.Column, features)
	for j := range cols {
		cols[j] = &frame.Column{Field: frame.Field{Name: fmt.Sprintf("x%d", j), Type: frame.Float64}, Floats: make([]float64, rows)}
	}
	cols[4] = &frame.Column{Field: frame.Field{Name: "whole", Type: frame.Int64}, Ints: make([]int64, rows)}
	for i := range z {
		for j := range features {
			z[i][j] = rng.NormFloat64()
			if j < 4 {
				cols[j].Floats[i] = float64(j) + z[i][j]*math.Pow(10, float64(j-1))
			}
		}
		cols[4].Ints[i] = int64(rng.IntN(3))
	}
	x, err := frame.New(cols...)
	if err != nil {
		panic(err) // the columns above are of one length and have distinct names
	}
	return x, z, rng
}

// reorder returns the rows of d in another order.
func reorder(d ml.Data, order []int) ml.Data {
	out := ml.Data{X: d.X.Take(order), Classes: d.Classes}
	for _, i := range order {
		out.Y = append(out.Y, d.Y[i])
		if d.Weight != nil {
			out.Weight = append(out.Weight, d.Weight[i])
		}
	}
	return out
}

// with returns d with the column replaced.
func with(d ml.Data, at int, c *frame.Column) ml.Data {
	cols := make([]*frame.Column, d.X.Cols())
	for j := range cols {
		cols[j] = d.X.At(j)
	}
	cols[at] = c
	x, err := frame.New(cols...)
	if err != nil {
		panic(err) // a replaced column keeps name and length
	}
	d.X = x
	return d
}
