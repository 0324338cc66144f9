package linalg_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"gristmill/ml/linalg"
)

// The data and certified values are those of NIST's Statistical Reference
// Datasets (public domain): Longley, Filip, Wampler1 to Wampler5.

var longley = []float64{ // y, x1 to x6
	60323, 83.0, 234289, 2356, 1590, 107608, 1947, 61122, 88.5, 259426, 2325, 1456, 108632, 1948,
	60171, 88.2, 258054, 3682, 1616, 109773, 1949, 61187, 89.5, 284599, 3351, 1650, 110929, 1950,
	63221, 96.2, 328975, 2099, 3099, 112075, 1951, 63639, 98.1, 346999, 1932, 3594, 113270, 1952,
	64989, 99.0, 365385, 1870, 3547, 115094, 1953, 63761, 100.0, 363112, 3578, 3350, 116219, 1954,
	66019, 101.2, 397469, 2904, 3048, 117388, 1955, 67857, 104.6, 419180, 2822, 2857, 118734, 1956,
	68169, 108.4, 442769, 2936, 2798, 120445, 1957, 66513, 110.8, 444546, 4681, 2637, 121950, 1958,
	68655, 112.6, 482704, 3813, 2552, 123366, 1959, 69564, 114.2, 502601, 3931, 2514, 125368, 1960,
	69331, 115.7, 518173, 4806, 2572, 127852, 1961, 70551, 116.9, 554894, 4007, 2827, 130081, 1962,
}

var longleyCoef = []float64{-3482258.63459582, 15.0618722713733, -0.358191792925910e-01, -2.02022980381683,
	-1.03322686717359, -0.511041056535807e-01, 1829.15146461355}

var filipY = []float64{0.8116, 0.9072, 0.9052, 0.9039, 0.8053, 0.8377, 0.8667, 0.8809, 0.7975, 0.8162, 0.8515, 0.8766, 0.8885, 0.8859, 0.8959, 0.8913, 0.8959, 0.8971, 0.9021, 0.909, 0.9139, 0.9199, 0.8692, 0.8872, 0.89, 0.891, 0.8977, 0.9035, 0.9078, 0.7675, 0.7705, 0.7713, 0.7736, 0.7775, 0.7841, 0.7971, 0.8329, 0.8641, 0.8804, 0.7668, 0.7633, 0.7678, 0.7697, 0.77, 0.7749, 0.7796, 0.7897, 0.8131, 0.8498, 0.8741, 0.8061, 0.846, 0.8751, 0.8856, 0.8919, 0.8934, 0.894, 0.8957, 0.9047, 0.9129, 0.9209, 0.9219, 0.7739, 0.7681, 0.7665, 0.7703, 0.7702, 0.7761, 0.7809, 0.7961, 0.8253, 0.8602, 0.8809, 0.8301, 0.8664, 0.8834, 0.8898, 0.8964, 0.8963, 0.9074, 0.9119, 0.9228}

var filipX = []float64{-6.860120914, -4.324130045, -4.358625055, -4.358426747, -6.955852379, -6.661145254, -6.355462942, -6.118102026, -7.115148017, -6.815308569, -6.519993057, -6.204119983, -5.853871964, -6.109523091, -5.79832982, -5.482672118, -5.171791386, -4.851705903, -4.517126416, -4.143573228, -3.709075441, -3.499489089, -6.300769497, -5.953504836, -5.642065153, -5.031376979, -4.680685696, -4.329846955, -3.928486195, -8.56735134, -8.363211311, -8.107682739, -7.823908741, -7.522878745, -7.218819279, -6.920818754, -6.628932138, -6.323946875, -5.991399828, -8.781464495, -8.663140179, -8.473531488, -8.247337057, -7.971428747, -7.676129393, -7.352812702, -7.072065318, -6.774174009, -6.478861916, -6.159517513, -6.835647144, -6.53165267, -6.224098421, -5.910094889, -5.598599459, -5.290645224, -4.974284616, -4.64454848, -4.290560426, -3.885055584, -3.408378962, -3.13200249, -8.726767166, -8.66695597, -8.511026475, -8.165388579, -7.886056648, -7.588043762, -7.283412422, -6.995678626, -6.691862621, -6.392544977, -6.067374056, -6.684029655, -6.378719832, -6.065855188, -5.752272167, -5.132414673, -4.811352704, -4.098269308, -3.66174277, -3.2644011}

var filipCoef = []float64{-1467.48961422980, -2772.17959193342, -2316.37108160893, -1127.97394098372, -354.478233703349, -75.1242017393757, -10.8753180355343, -1.06221498588947, -0.670191154593408e-01, -0.246781078275479e-02, -0.402962525080404e-04}

// wamplerNoise is added to y = 1 + x + ... + x^5 for x = 0..20, times 1, 100
// and 10,000; it is orthogonal to polynomials of degree 5, so that every
// certified coefficient stays 1.
var wamplerNoise = []float64{759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048, -2048, 1838, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 759}

func powers(x []float64, degree int) []float64 {
	a := make([]float64, 0, len(x)*(degree+1))
	for _, v := range x {
		p := 1.0
		for range degree + 1 {
			a = append(a, p)
			p *= v
		}
	}
	return a
}

func wampler(weights []float64, noise float64) (a, y []float64) {
	x := make([]float64, 21)
	y = make([]float64, 21)
	for i := range x {
		x[i] = float64(i)
		p := 1.0
		for _, w := range weights {
			y[i] += w * p
			p *= x[i]
		}
		y[i] += noise * wamplerNoise[i]
	}
	return powers(x, 5), y
}

func lre(got, want []float64) float64 {
	worst := 15.0
	for i := range want {
		worst = min(worst, -math.Log10(math.Abs(got[i]-want[i])/math.Abs(want[i])))
	}
	return worst
}

func TestLeastSquaresReachesNISTsCertifiedDigits(t *testing.T) {
	t.Parallel()
	la, ly := make([]float64, 0, 16*7), make([]float64, 0, 16)
	for i := 0; i < len(longley); i += 7 {
		ly = append(ly, longley[i])
		la = append(append(la, 1), longley[i+1:i+7]...)
	}
	unit := []float64{1, 1, 1, 1, 1, 1}
	tenths := []float64{1, 0.1, 0.01, 0.001, 0.0001, 0.00001}
	w1, y1 := wampler(unit, 0)
	w2, y2 := wampler(tenths, 0)
	w3, y3 := wampler(unit, 1)
	w4, y4 := wampler(unit, 100)
	w5, y5 := wampler(unit, 10000)
	for _, c := range []struct {
		name       string
		a, y, want []float64
		gate       float64
	}{
		{"Longley", la, ly, longleyCoef, 12},
		{"Filip", powers(filipX, 10), filipY, filipCoef, 7},
		{"Wampler1", w1, y1, unit, 13},
		{"Wampler2", w2, y2, tenths, 12},
		{"Wampler3", w3, y3, unit, 12},
		{"Wampler4", w4, y4, unit, 12},
		{"Wampler5", w5, y5, unit, 10},
	} {
		p := len(c.want)
		s, err := linalg.LeastSquares(context.Background(), c.a, c.y, len(c.y), p, 1)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		digits := lre(s.X, c.want)
		t.Logf("%s: rank %d of %d, %.1f digits", c.name, s.Rank, p, digits)
		if s.Rank != p || digits < c.gate {
			t.Errorf("%s: rank %d of %d, %.1f correct digits, want %.0f", c.name, s.Rank, p, digits, c.gate)
		}
	}
}

func TestNormalEquationsOfFilipAreRefused(t *testing.T) {
	t.Parallel()
	g := linalg.Gram(powers(filipX, 10), len(filipX), 11, nil, 1)
	if _, err := linalg.NewCholesky(g, 11); !errors.Is(err, linalg.ErrIllConditioned) {
		t.Errorf("error %v, want ErrIllConditioned", err)
	}
}
