package starter

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gristmill/ml/frame"
)

// Columns that give the target away are looked for only with enough rows: in a
// small table chance makes perfect predictors.
const (
	enoughRows    = 50  // for a column whose values stand for classes
	plentyOfRows  = 200 // for a number that one cut parts into classes
	sameNumber    = 0.99999
	unexplained   = 0.001 // share of the wrong guesses that a giveaway may leave
	levelsPerItem = 10    // rows a value must stand for, on average, to say something
)

// givesAway says how a feature alone gives the target away, or "".
func givesAway(x, y *frame.Column, classes bool) string {
	if x.Len() < enoughRows {
		return ""
	}
	if !classes {
		if x.Field.Type.Numeric() {
			if r := correlation(x, y); math.Abs(r) >= sameNumber {
				return fmt.Sprintf("it is the target in other words: their correlation is %.6f", r)
			}
		}
		return ""
	}
	if left(x, y, func(i int) string { return fmt.Sprint(x.IsNull(i)) }) {
		return "its missing values alone tell the classes apart"
	}
	levels := map[string]bool{}
	for i := 0; i < x.Len() && len(levels)*levelsPerItem <= x.Len(); i++ {
		levels[x.Text(i)] = true
	}
	if len(levels)*levelsPerItem <= x.Len() {
		if left(x, y, x.Text) {
			return "its values alone tell the classes apart"
		}
		return ""
	}
	if x.Field.Type != frame.String && x.Len() >= plentyOfRows && oneCut(x, y) {
		return "one cut through it alone tells the classes apart"
	}
	return ""
}

// left reports whether guessing the commonest class of every level leaves next
// to no wrong guesses of those that the commonest class of all makes.
func left(x, y *frame.Column, level func(int) string) bool {
	counts, all := map[string]map[string]int{}, map[string]int{}
	for i := range x.Len() {
		l, class := level(i), y.Text(i)
		if counts[l] == nil {
			counts[l] = map[string]int{}
		}
		counts[l][class]++
		all[class]++
	}
	right := 0
	for _, c := range counts {
		right += most(c)
	}
	return explained(x.Len()-right, x.Len()-most(all))
}

func explained(wrong, without int) bool {
	return without > 0 && float64(wrong) <= unexplained*float64(without)
}

func most(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n = max(n, c)
	}
	return n
}

// oneCut reports whether two classes lie on the two sides of one value.
func oneCut(x, y *frame.Column) bool {
	type point struct {
		x     float64
		class string
	}
	points := make([]point, 0, x.Len())
	all := map[string]int{}
	for i := range x.Len() {
		if !x.IsNull(i) {
			points = append(points, point{x.Float(i), y.Text(i)})
			all[y.Text(i)]++
		}
	}
	if len(all) != 2 || len(points) < plentyOfRows {
		return false
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.x, b.x) })
	// Below the cut lie first[i] rows of the class of the lowest row.
	low, below, best := points[0].class, 0, len(points)
	for i, p := range points {
		if p.class == low {
			below++
		}
		if i+1 == len(points) || points[i+1].x != p.x {
			wrong := (i + 1 - below) + (all[low] - below) // above it the other class is guessed
			best = min(best, wrong, len(points)-wrong)
		}
	}
	return explained(best, len(points)-most(all))
}

// correlation is Pearson's, over the rows where both have a value.
func correlation(x, y *frame.Column) float64 {
	var n, mx, my, sxx, syy, sxy float64
	for i := range x.Len() {
		a, b := x.Float(i), y.Float(i)
		if x.IsNull(i) || y.IsNull(i) || math.IsNaN(a) || math.IsInf(a, 0) || math.IsNaN(b) || math.IsInf(b, 0) {
			continue
		}
		n++ // the means and sums move with every row (Welford 1962)
		dx, dy := a-mx, b-my
		mx += dx / n
		my += dy / n
		sxx += dx * (a - mx)
		syy += dy * (b - my)
		sxy += dx * (b - my)
	}
	if sxx <= 0 || syy <= 0 {
		return 0
	}
	return sxy / math.Sqrt(sxx*syy)
}
