package plot

import (
	"math"
	"time"
)

type tick struct {
	at   float64 // in the picture
	text string
}

// scale maps numbers of an axis to places in the picture.
type scale struct {
	axis      Axis
	low, high float64 // of the data, logarithms if the axis is logarithmic
	from, to  float64 // of the picture
	ticks     []tick
	any       bool // there is something to show
}

// newScale covers low to high with round numbers at both ends where the axis
// does not say otherwise.
func newScale(axis Axis, low, high float64, filled, loose bool) *scale {
	s := &scale{axis: axis, any: filled}
	if !filled {
		low, high = 0, 1
	}
	if axis.Min != nil && finite(*axis.Min) {
		low = *axis.Min
	}
	if axis.Max != nil && finite(*axis.Max) {
		high = *axis.Max
	}
	if axis.Log {
		low, high = math.Log10(max(low, math.SmallestNonzeroFloat64)), math.Log10(max(high, math.SmallestNonzeroFloat64))
		if axis.Time {
			s.axis.Time = false
		}
	}
	// Numbers near the limits of float64 leave no room to compute with.
	low, high = min(max(low, -1e300), 1e300), min(max(high, -1e300), 1e300)
	if low > high {
		low, high = high, low
	}
	if !(high-low > 1e-250) || !(high-low > 1e-12*max(math.Abs(low), math.Abs(high))) {
		room := max(math.Abs(low)*0.1, 1e-9)
		if math.Abs(low) < 1e-250 {
			room = 1
		}
		low, high = low-room, high+room
	}
	if loose && !s.axis.Time && !axis.Log {
		step := niceStep((high - low) / 5)
		if axis.Min == nil {
			low = math.Floor(low/step+1e-9) * step
		}
		if axis.Max == nil {
			high = math.Ceil(high/step-1e-9) * step
		}
	} else if axis.Max == nil && !s.axis.Time && !axis.Log {
		high += (high - low) * 0.04
	}
	s.low, s.high = low, high
	return s
}

// place says where in the picture the axis runs, and chooses the ticks.
func (s *scale) place(from, to float64) {
	s.from, s.to = from, to
	room := 56.0 // pixels for a tick
	if to < from {
		room = 36 // the axis is vertical, where labels lie one above the other
	}
	most := max(2, int(math.Abs(to-from)/room))
	s.ticks = s.ticks[:0]
	switch {
	case s.axis.Time:
		for _, t := range timeTicks(s.low, s.high, most) {
			s.ticks = append(s.ticks, tick{s.linear(float64(t.at)), t.text})
		}
	case s.axis.Log:
		step := math.Ceil((s.high - s.low) / float64(most))
		if s.high-s.low < 1.5 {
			for _, m := range []float64{1, 2, 5} {
				for e := math.Floor(s.low); e <= s.high; e++ {
					if v := e + math.Log10(m); v >= s.low-1e-9 && v <= s.high+1e-9 {
						s.ticks = append(s.ticks, tick{s.linear(v), s.label(m*math.Pow(10, e), 0)})
					}
				}
			}
			return
		}
		for e := math.Ceil(s.low - 1e-9); e <= s.high+1e-9; e += max(step, 1) {
			s.ticks = append(s.ticks, tick{s.linear(e), s.label(math.Pow(10, e), 0)})
		}
	default:
		step := niceStep((s.high - s.low) / float64(min(most, 8)))
		first := math.Ceil(s.low/step - 1e-6)
		for i := range 20 {
			v := (first + float64(i)) * step
			if v > s.high+step*1e-6 {
				break
			}
			s.ticks = append(s.ticks, tick{s.linear(v), s.label(v, step)})
		}
	}
}

// thinTicks leaves out every second label until none touches its neighbour.
func (s *scale) thinTicks() {
	for len(s.ticks) > 2 {
		touching := false
		for i := 1; i < len(s.ticks); i++ {
			a, b := s.ticks[i-1], s.ticks[i]
			touching = touching || math.Abs(b.at-a.at) < (textWidth(a.text, 11)+textWidth(b.text, 11))/2+10
		}
		if !touching {
			return
		}
		kept := s.ticks[:0]
		for i, t := range s.ticks {
			if i%2 == 0 {
				kept = append(kept, t)
			}
		}
		s.ticks = kept
	}
}

func (s *scale) label(v, step float64) string {
	if s.axis.Percent {
		return Number(math.Round(v*1e6)/1e4) + "%"
	}
	return tickNumber(v, step)
}

// linear places a number of the axis' own scale.
func (s *scale) linear(v float64) float64 {
	return s.from + (v/2-s.low/2)/(s.high/2-s.low/2)*(s.to-s.from)
}

// at places a number; ok is false if it has no place. Far outside it is moved
// to where it is still outside.
func (s *scale) at(v float64) (place float64, ok bool) {
	if !finite(v) || s.axis.Log && v <= 0 {
		return 0, false
	}
	if s.axis.Log {
		v = math.Log10(v)
	}
	low, high := min(s.from, s.to), max(s.from, s.to)
	return min(max(s.linear(v), low-2000), high+2000), true
}

// niceStep returns the least of 1, 2 or 5 times a power of ten that is at least
// rough (Heckbert, Nice Numbers for Graph Labels, 1990).
func niceStep(rough float64) float64 {
	if !(rough > 0) {
		return 1
	}
	e := math.Floor(math.Log10(rough))
	base := math.Pow(10, e)
	for _, m := range []float64{1, 2, 5, 10} {
		if rough <= m*base*(1+1e-9) {
			return m * base
		}
	}
	return 10 * base
}

type timeTick struct {
	at   int64
	text string
}

// timeTicks chooses at most about most moments between two, in seconds since
// 1970, at whole years, months, days, hours, minutes or seconds.
func timeTicks(low, high float64, most int) []timeTick {
	const widest = 1e11 // some 3,000 years
	low, high = min(max(low, -widest), widest), min(max(high, -widest), widest)
	first, last := time.Unix(int64(math.Ceil(low)), 0).UTC(), time.Unix(int64(math.Floor(high)), 0).UTC()
	rough := (high - low) / float64(max(most, 1))
	var out []timeTick
	add := func(t time.Time, layout string) bool {
		if !t.Before(first) && !t.After(last) {
			out = append(out, timeTick{t.Unix(), t.Format(layout)})
		}
		return t.Before(last) && len(out) < 30
	}
	const day = 86400
	switch {
	case rough > 180*day:
		years := int(max(niceStep(rough/(365.25*day)), 1))
		for y := (first.Year() / years) * years; add(time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC), "2006"); y += years {
		}
	case rough > 12*day:
		months := []int{1, 3, 6}[least(rough/(30.4*day), 1, 3, 6)]
		for m := 0; add(time.Date(first.Year(), time.Month(1+m), 1, 0, 0, 0, 0, time.UTC), "Jan 2006"); m += months {
		}
	default:
		steps := []float64{1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, day, 2 * day, 7 * day, 14 * day}
		step := int64(steps[least(rough, steps...)])
		layout := "15:04:05"
		if step >= day {
			layout = "2 Jan"
		} else if step >= 60 {
			layout = "15:04"
			if high-low > day {
				layout = "2 Jan 15:04"
			}
		}
		from := first.Unix() / step * step
		for add(time.Unix(from, 0).UTC(), layout) {
			from += step
		}
	}
	return out
}

// least returns the index of the first step that is at least v, else the last.
func least(v float64, steps ...float64) int {
	for i, s := range steps {
		if v <= s {
			return i
		}
	}
	return len(steps) - 1
}
