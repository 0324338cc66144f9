package web

import (
	"fmt"
	"slices"
	"strings"

	"gristmill/pipeline"
)

// planView is a plan drawn from left to right: a column of boxes for each step
// of the way, an arrow for each need that no longer way explains.
type planView struct {
	Width, Height int
	Boxes         []planBox
	Arrows        []string // paths, heads included
	Summary       string   // what the picture shows, for those who do not see it
}

type planBox struct {
	X, Y                   int
	Name, Kind, Queue, Tip string
}

// Measures of the drawing.
const (
	boxWidth  = 132
	boxHeight = 46
	boxRight  = 176 // from one column to the next
	boxDown   = 56  // from one row to the next
	planEdge  = 8
	maxDrawn  = 6 // folds beside each other; more are drawn as one box
)

// newPlan draws a plan whose steps come in an order in which they can be done.
func newPlan(p pipeline.Plan) planView {
	steps := gather(p.Steps)
	rank := map[string]int{}
	var columns [][]pipeline.Step
	for _, s := range steps {
		at := 0
		for _, n := range s.Needs {
			if r, ok := rank[n]; ok {
				at = max(at, r+1)
			}
		}
		rank[s.ID] = at
		for len(columns) <= at {
			columns = append(columns, nil)
		}
		columns[at] = append(columns[at], s)
	}
	tallest := 1
	for _, c := range columns {
		tallest = max(tallest, len(c))
	}
	v := planView{Width: max(len(columns)-1, 0)*boxRight + boxWidth + 2*planEdge, Height: (tallest-1)*boxDown + boxHeight + 2*planEdge}
	at := map[string]planBox{}
	for x, c := range columns {
		top := (v.Height - (len(c)-1)*boxDown - boxHeight) / 2
		var names []string
		for y, s := range c {
			b := planBox{X: planEdge + x*boxRight, Y: top + y*boxDown, Name: clip(s.ID, 17), Kind: string(s.Kind), Queue: clip(s.Queue, 17), Tip: tip(s)}
			if strings.HasPrefix(s.ID, b.Kind) { // the name says it
				b.Kind = ""
			}
			at[s.ID] = b
			v.Boxes = append(v.Boxes, b)
			names = append(names, s.ID+" on queue "+s.Queue)
		}
		if v.Summary != "" {
			v.Summary += ", then "
		}
		v.Summary += strings.Join(names, " beside ")
	}
	for _, s := range steps {
		for _, n := range direct(s, steps) {
			if from, ok := at[n]; ok {
				v.Arrows = append(v.Arrows, arrow(from, at[s.ID]))
			}
		}
	}
	return v
}

// gather draws many folds as one step, so that the picture stays small.
func gather(steps []pipeline.Step) []pipeline.Step {
	var folds []pipeline.Step
	for _, s := range steps {
		if s.Kind == pipeline.Fold {
			folds = append(folds, s)
		}
	}
	if len(folds) <= maxDrawn {
		return steps
	}
	first, last := folds[maxDrawn-1], folds[len(folds)-1]
	name := first.ID + " … " + last.ID
	var out []pipeline.Step
	for _, s := range steps {
		i := slices.IndexFunc(folds, func(f pipeline.Step) bool { return f.ID == s.ID })
		switch {
		case i >= maxDrawn:
			continue
		case i == maxDrawn-1:
			s.ID = name
		}
		var needs []string
		for _, n := range s.Needs {
			if slices.ContainsFunc(folds[maxDrawn-1:], func(f pipeline.Step) bool { return f.ID == n }) {
				n = name
			}
			if !slices.Contains(needs, n) {
				needs = append(needs, n)
			}
		}
		s.Needs = needs
		out = append(out, s)
	}
	return out
}

// direct are a step's needs without those that another of its needs waits for.
func direct(s pipeline.Step, steps []pipeline.Step) []string {
	var out []string
	for _, n := range s.Needs {
		if !slices.ContainsFunc(s.Needs, func(m string) bool { return m != n && waits(m, n, steps, 0) }) {
			out = append(out, n)
		}
	}
	return out
}

// waits reports whether a step needs another, itself or by what it needs.
func waits(step, on string, steps []pipeline.Step, depth int) bool {
	i := slices.IndexFunc(steps, func(s pipeline.Step) bool { return s.ID == step })
	if i < 0 || depth > len(steps) {
		return false
	}
	return slices.ContainsFunc(steps[i].Needs, func(n string) bool { return n == on || waits(n, on, steps[:i], depth+1) })
}

// arrow is a path from the right side of a box to the left one of another.
func arrow(from, to planBox) string {
	x1, y1 := from.X+boxWidth, from.Y+boxHeight/2
	x2, y2 := to.X-2, to.Y+boxHeight/2
	bend := (x2 - x1) / 2
	return fmt.Sprintf("M%d,%dC%d,%d %d,%d %d,%dm-6,-4l6,4l-6,4", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)
}

// clip shortens a text to what a box has room for.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// tip says how often a step is tried.
func tip(s pipeline.Step) string {
	t := s.ID + ": on queue " + s.Queue
	if s.Retry.Attempts > 0 {
		return t + ", " + plural(s.Retry.Attempts, "attempt") + " at most"
	}
	return t + ", tried until it is done"
}
