package plot

import "slices"

// thinLine keeps at most n points: the first, the last, and of each stretch of
// the picture's width the first and the lowest and highest point, so that no
// peak is lost.
func thinLine(run []point, n int) []point {
	if len(run) <= n {
		return run
	}
	buckets := n / 4
	out := make([]point, 0, n+2)
	for b := range buckets {
		from, to := b*len(run)/buckets, (b+1)*len(run)/buckets
		lowest, highest := from, from
		for i := from; i < to; i++ {
			if run[i].y > run[lowest].y {
				lowest = i
			}
			if run[i].y < run[highest].y {
				highest = i
			}
		}
		keep := []int{from, lowest, highest, to - 1}
		slices.Sort(keep)
		for _, i := range slices.Compact(keep) {
			out = append(out, run[i])
		}
	}
	return out
}

// thinDots keeps at most n points: one for each square of a grid that is made
// coarser until they are few enough. Lone points, which are what a scatter is
// looked at for, stay; crowds are thinned.
func thinDots(list []point, n int) []point {
	if len(list) <= n {
		return list
	}
	for cell := 1.0; ; cell *= 1.35 {
		type square struct{ x, y int32 }
		taken := make(map[square]bool, n)
		var out []point
		for _, p := range list {
			s := square{int32(p.x / cell), int32(p.y / cell)}
			if !taken[s] {
				taken[s] = true
				out = append(out, p)
			}
			if len(out) > 4*n {
				break
			}
		}
		if len(out) <= n {
			return out
		}
	}
}

// halve merges bars two by two.
func halve(edges, counts []float64) (e, c []float64) {
	for i := 0; i < len(counts) && i < len(edges)-1; i += 2 {
		sum, to := counts[i], edges[i+1]
		if i+1 < len(counts) && i+2 < len(edges) {
			sum, to = sum+counts[i+1], edges[i+2]
		}
		if len(e) == 0 {
			e = append(e, edges[i])
		}
		e, c = append(e, to), append(c, sum)
	}
	return e, c
}

// histogram counts values between edges of equal distance; the last bin is
// closed, and what is outside belongs to the bin at that end.
func histogram(values, edges []float64) []float64 {
	bins := len(edges) - 1
	counts := make([]float64, bins)
	low, width := edges[0], edges[bins]-edges[0]
	for _, v := range values {
		if finite(v) {
			counts[min(max(int((v-low)/width*float64(bins)), 0), bins-1)]++
		}
	}
	return counts
}
