package linalg

import (
	"context"
	"math"
)

// Solution is a least-squares solution.
type Solution struct {
	X        []float64
	Residual []float64 // y - A x
	Rank     int       // number of linearly independent columns found
}

// LeastSquares minimises |y - A x| for an n by p matrix of any rank.
//
// Idea: reflect A to a triangle column by column (Householder), taking the
// column with most left of it first, so that dependent columns come last and
// show themselves by pivots that are rounding only. Where columns depend on
// each other, of all minimisers the one with the smallest norm is taken, as a
// singular value decomposition would give, but by a second QR, of the
// triangle's transpose (complete orthogonal decomposition). The first free
// columns (an intercept) are reflected first and do not count in that norm.
// Columns are scaled by powers of two, which rounds nothing. Then the solution
// and the residual are refined together (Bjorck's augmented system) with
// residuals in doubled precision, which wins back the digits lost to the
// condition of A, and not to its square.
//
// Cost: 2 n p^2 for the reflections, 20 n p a refinement. Source: Golub and Van
// Loan 5.4, 5.5; Bjorck 1967 (BIT 7). Left out: blocking, rows of very different
// size. ctx is looked at once a column.
func LeastSquares(ctx context.Context, a, y []float64, n, p, free int) (Solution, error) {
	f, err := factor(ctx, a, n, p, free)
	if err != nil {
		return Solution{}, err
	}
	s := Solution{Rank: f.rank}
	s.X, s.Residual = f.solve(y, make([]float64, p))
	last := math.Inf(1)
	for range 12 {
		if err := ctx.Err(); err != nil {
			return Solution{}, err
		}
		dx, dr := f.solve(augmentedResidual(a, y, n, p, s))
		size, ok := 0.0, true
		for j, d := range dx {
			ok = ok && d-d == 0
			if d != 0 {
				size = max(size, math.Abs(d)/max(math.Abs(s.X[j]), 1e-300))
			}
		}
		if !ok || size > last/2 { // converged to rounding, or not converging at all
			break
		}
		for j := range s.X {
			s.X[j] += dx[j]
		}
		for i := range s.Residual {
			s.Residual[i] += dr[i]
		}
		if last = size; size < 1e-16 {
			break
		}
	}
	return s, nil
}

// qr is A P = Q R in the original units; the columns of v hold the reflectors.
type qr struct {
	n, p, rank, free int
	v                [][]float64 // p columns of n: reflector k in v[k][k:]
	beta             []float64
	r                [][]float64 // p columns: r[k][:min(k+1, rank)], in pivoted order
	perm             []int
	z                *qr // of the transposed rows free..rank-1, when columns are dependent
}

func factor(ctx context.Context, a []float64, n, p, free int) (*qr, error) {
	f := &qr{n: n, p: p, free: free, v: make([][]float64, p), beta: make([]float64, p), r: make([][]float64, p), perm: make([]int, p)}
	scale, left := make([]float64, p), make([]float64, p)
	for j := range p {
		col, big := make([]float64, n), 0.0
		for i := range col {
			col[i] = a[i*p+j]
			big = max(big, math.Abs(col[i]))
		}
		scale[j] = 1
		if big > 0 {
			_, e := math.Frexp(big)
			scale[j] = math.Ldexp(1, -e)
		}
		for i := range col {
			col[i] *= scale[j]
		}
		left[j] = Dot(col, col)
		if s := math.Sqrt(left[j]); s > 0 { // to norm 1 to 2, again by a power of two
			_, e := math.Frexp(s)
			t := math.Ldexp(1, -e)
			for i := range col {
				col[i] *= t
			}
			scale[j] *= t
			left[j] *= t * t
		}
		f.v[j], f.perm[j] = col, j
	}
	start := append([]float64(nil), left...)
	tol := 8 * float64(max(n, p)) * 0x1p-52
	for k := 0; k < min(n, p); k++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		best := k
		for j := k; j < p && k >= free; j++ {
			if left[j] < 1e-8*start[j] { // too much was taken away to trust the difference
				left[j] = Dot(f.v[j][k:], f.v[j][k:])
				start[j] = left[j]
			}
			if left[j] > left[best] {
				best = j
			}
		}
		f.v[k], f.v[best] = f.v[best], f.v[k]
		f.perm[k], f.perm[best] = f.perm[best], f.perm[k]
		left[k], left[best] = left[best], left[k]
		start[k], start[best] = start[best], start[k]
		col := f.v[k]
		norm := math.Sqrt(Dot(col[k:], col[k:]))
		if norm == 0 || norm <= tol && k >= free {
			break
		}
		f.rank++
		head := col[k]
		if head > 0 {
			norm = -norm
		}
		col[k] = head - norm
		f.beta[k] = 1 / (norm * (norm - head)) // 2 / |v|^2
		f.r[k] = append(append([]float64(nil), col[:k]...), norm)
		for j := k + 1; j < p; j++ {
			c := f.v[j]
			if d := Dot(col[k:], c[k:]); d != 0 {
				Axpy(-f.beta[k]*d, col[k:], c[k:])
			}
			left[j] -= c[k] * c[k]
		}
	}
	for k := range p {
		if f.r[k] == nil {
			f.r[k] = append([]float64(nil), f.v[k][:f.rank]...)
		}
		for i := range f.r[k] {
			f.r[k][i] /= scale[f.perm[k]]
		}
	}
	if f.rank < p && f.rank > free {
		rows := f.rank - free
		wt := make([]float64, (p-free)*rows)
		for k := free; k < p; k++ {
			for i := free; i < len(f.r[k]); i++ {
				wt[(k-free)*rows+i-free] = f.r[k][i]
			}
		}
		var err error
		if f.z, err = factor(ctx, wt, p-free, rows, rows); err != nil {
			return nil, err
		}
		if f.z.rank < rows {
			return nil, ErrIllConditioned
		}
	}
	return f, nil
}

// applyQ multiplies b by Q' (forward) or by Q in place.
func (f *qr) applyQ(b []float64, forward bool) {
	for s := range f.rank {
		k := s
		if !forward {
			k = f.rank - 1 - s
		}
		v := f.v[k][k:]
		Axpy(-f.beta[k]*Dot(v, b[k:]), v, b[k:])
	}
}

// solve returns x and r with r + A x = b and A' r = g, of smallest x.
func (f *qr) solve(b, g []float64) (x, r []float64) {
	h := make([]float64, f.n)
	gp := make([]float64, f.p)
	for k := range f.p {
		gp[k] = g[f.perm[k]]
	}
	copy(h, f.solveRT(gp))
	r = append([]float64(nil), b...)
	f.applyQ(r, true)
	c := make([]float64, f.rank)
	for i := range c {
		c[i] = r[i] - h[i]
	}
	xp := f.solveR(c)
	copy(r[:f.rank], h)
	f.applyQ(r, false)
	x = make([]float64, f.p)
	for k := range f.p {
		x[f.perm[k]] = xp[k]
	}
	return x, r
}

// back solves the leading upto columns of R by back substitution, in place.
func (f *qr) back(c []float64, upto int) {
	for k := upto - 1; k >= 0; k-- {
		c[k] /= f.r[k][k]
		Axpy(-c[k], f.r[k][:k], c[:k])
	}
}

// forward solves the transpose of the leading upto columns, in place.
func (f *qr) forward(c []float64, upto int) {
	for k := range upto {
		c[k] = (c[k] - Dot(f.r[k][:k], c[:k])) / f.r[k][k]
	}
}

// solveR returns x with R x = c, of smallest norm past the free columns.
func (f *qr) solveR(c []float64) []float64 {
	x := make([]float64, f.p)
	if f.z == nil {
		copy(x, c)
		f.back(x, f.rank)
		return x
	}
	w := make([]float64, f.p-f.free)
	t := append([]float64(nil), c[f.free:f.rank]...)
	f.z.forward(t, len(t)) // z keeps its columns in their order: all of them are free
	copy(w, t)
	f.z.applyQ(w, false)
	copy(x, c[:f.free])
	for k := f.free; k < f.p; k++ {
		x[k] = w[k-f.free]
		Axpy(-x[k], f.r[k][:f.free], x[:f.free])
	}
	f.back(x[:f.free], f.free)
	return x
}

// solveRT returns h with R' h = g in the least-squares sense.
func (f *qr) solveRT(g []float64) []float64 {
	h := append([]float64(nil), g[:f.rank]...)
	if f.z == nil {
		f.forward(h, f.rank)
		return h
	}
	f.forward(h[:f.free], f.free)
	w := make([]float64, f.p-f.free)
	for k := range w {
		w[k] = g[f.free+k] - Dot(f.r[f.free+k][:f.free], h[:f.free])
	}
	f.z.applyQ(w, true)
	t := w[:f.rank-f.free]
	f.z.back(t, len(t))
	copy(h[f.free:], t)
	return h
}

// augmentedResidual returns y - r - A x and -A' r, summed in doubled precision.
func augmentedResidual(a, y []float64, n, p int, s Solution) (f, g []float64) {
	f = make([]float64, n)
	g = make([]float64, p)
	hi, lo := make([]float64, p), make([]float64, p)
	for i := range n {
		row := a[i*p : (i+1)*p]
		h, l := y[i], 0.0
		h, l = accumulate(h, l, 1, -s.Residual[i])
		for j, v := range row {
			if v != 0 {
				h, l = accumulate(h, l, v, -s.X[j])
				hi[j], lo[j] = accumulate(hi[j], lo[j], v, -s.Residual[i])
			}
		}
		f[i] = h + l
	}
	for j := range g {
		g[j] = hi[j] + lo[j]
	}
	return f, g
}

// accumulate adds a*b to the unevaluated sum hi+lo (Ogita, Rump, Oishi 2005).
func accumulate(hi, lo, a, b float64) (float64, float64) {
	prod := float64(a * b)
	low := math.FMA(a, b, -prod)
	sum := hi + prod
	back := sum - hi
	return sum, lo + ((hi - (sum - back)) + (prod - back)) + low
}
