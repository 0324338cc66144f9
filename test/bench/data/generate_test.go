package data

import (
	"bufio"
	"io"
	"math/rand/v2"
	"strconv"
	"time"

	"gristmill/ml/frame"
)

// header is the first line of the table; its types: int64, timestamp, string of
// few values, float64 with gaps, int64, bool, float64 with many digits, string
// of many values.
const header = "id,at,city,price,quantity,member,score,note\n"

// generate writes the table as CSV. The same rows are the same bytes on every
// machine.
func generate(w io.Writer, rows int) error {
	out := bufio.NewWriterSize(w, 1<<20)
	if _, err := out.WriteString(header); err != nil {
		return err
	}
	rnd := rand.New(rand.NewPCG(2026, 11))
	cities := []string{"Rome", "Oslo", "São Paulo", "New York", "Zürich", "Lagos", "Lima", "Kyoto", "Pune", "Quito", "Sydney", "Tallinn"}
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	line := make([]byte, 0, 256)
	for i := range rows {
		line = strconv.AppendInt(line[:0], int64(i), 10)
		line = append(line, ',')
		line = start.Add(time.Duration(rnd.IntN(5*365*86400))*time.Second).AppendFormat(line, "2006-01-02T15:04:05Z")
		line = append(line, ',')
		line = append(line, cities[rnd.IntN(len(cities))]...)
		line = append(line, ',')
		if price := rnd.IntN(1_000_000); price%10 != 0 { // every tenth has none
			line = strconv.AppendFloat(line, float64(price)/100, 'f', 2, 64)
		}
		line = append(line, ',')
		line = strconv.AppendInt(line, int64(rnd.IntN(100)), 10)
		line = append(line, ',')
		line = strconv.AppendBool(line, rnd.IntN(3) == 0)
		line = append(line, ',')
		line = strconv.AppendFloat(line, rnd.NormFloat64(), 'f', 9, 64)
		line = append(line, ',')
		for range 6 + rnd.IntN(8) {
			line = append(line, byte('a'+rnd.IntN(26)))
		}
		line = append(line, '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// wide makes a table of rows x 50 in memory for the profile: 25 floats (every
// fifth with gaps), 10 whole numbers, 10 texts, 3 bools, 2 timestamps.
func wide(rows int) (*frame.Frame, error) {
	cols := make([]*frame.Column, 0, 50)
	add := func(c *frame.Column, t frame.Type) {
		c.Field = frame.Field{Name: "c" + strconv.Itoa(len(cols)), Type: t, Nullable: c.Valid != nil}
		cols = append(cols, c)
	}
	rnd := rand.New(rand.NewPCG(50, 1))
	for j := range 25 {
		c := &frame.Column{Floats: make([]float64, rows)}
		if j%5 == 0 {
			c.Valid = make(frame.Bitmap, (rows+63)/64)
		}
		for i := range c.Floats {
			c.Floats[i] = rnd.NormFloat64() * float64(j+1)
			if c.Valid != nil && rnd.IntN(10) > 0 {
				c.Valid[i>>6] |= 1 << (i & 63)
			}
		}
		add(c, frame.Float64)
	}
	for j := range 10 {
		c := &frame.Column{Ints: make([]int64, rows)}
		for i := range c.Ints {
			c.Ints[i] = rnd.Int64N(int64(10) << (3 * j))
		}
		add(c, frame.Int64)
	}
	for j := range 10 {
		words := make([]string, 5<<j)
		for k := range words {
			words[k] = "level " + strconv.Itoa(k)
		}
		c := &frame.Column{Texts: make([]string, rows)}
		for i := range c.Texts {
			c.Texts[i] = words[rnd.IntN(len(words))]
		}
		add(c, frame.String)
	}
	for range 3 {
		c := &frame.Column{Bools: make([]bool, rows)}
		for i := range c.Bools {
			c.Bools[i] = rnd.IntN(4) == 0
		}
		add(c, frame.Bool)
	}
	for range 2 {
		c := &frame.Column{Ints: make([]int64, rows)}
		for i := range c.Ints {
			c.Ints[i] = 1_500_000_000_000_000 + rnd.Int64N(1e14)
		}
		add(c, frame.Timestamp)
	}
	return frame.New(cols...)
}
