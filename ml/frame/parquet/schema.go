package parquet

import (
	"fmt"

	"gristmill/ml/frame"
	"gristmill/ml/frame/parquet/format"
)

// meaning is how physical values become a frame's.
type meaning int

const (
	unreadable meaning = iota
	asBool
	asInt    // as it is
	asUint   // of 32 bits, or 64
	asFloat  // as it is
	asHalf   // float16
	asNumber // decimal
	asText
	asUUID
	asDate   // days
	asMoment // of a unit
	asInt96
	asClock // time of day of a unit
	asNothing
)

// leaf is a column of the file.
type leaf struct {
	name     string
	index    int // of its chunk in a row group
	phys     int32
	length   int // of format.Fixed
	optional bool
	means    meaning
	scale    int32 // of asNumber
	unit     int   // of asMoment and asClock: 1 ms, 2 us, 3 ns
	problem  string
}

// kind returns the frame's type of the column.
func (l *leaf) kind() frame.Type {
	switch l.means {
	case asBool:
		return frame.Bool
	case asInt, asUint:
		return frame.Int64
	case asFloat, asHalf, asNumber, asClock:
		return frame.Float64
	case asDate, asMoment, asInt96:
		return frame.Timestamp
	default:
		return frame.String
	}
}

const advice = "; leave it out (data.drop) or write it as plain columns"

// leaves returns the columns of a file in its order. A column that cannot be
// one of a table has a problem, which counts only if the column is asked for.
func leaves(m *format.Meta, maxColumns int) ([]leaf, error) {
	if len(m.Elements) == 0 || m.Elements[0].Phys >= 0 && m.Elements[0].Children == 0 {
		return nil, damaged("it has no schema")
	}
	root := m.Elements[0]
	if root.Children <= 0 {
		return nil, &Error{Msg: "the file has no columns"}
	}
	if int(root.Children) > len(m.Elements)-1 {
		return nil, damaged("its schema is cut short")
	}
	if int(root.Children) > maxColumns {
		return nil, &Error{Msg: fmt.Sprintf("the file has %d columns; at most %d are read", root.Children, maxColumns)}
	}
	list := make([]leaf, 0, root.Children)
	seen := make(map[string]bool, root.Children)
	next, index := 1, 0
	for range root.Children {
		if next >= len(m.Elements) {
			return nil, damaged("its schema is cut short")
		}
		e := &m.Elements[next]
		l := newLeaf(e)
		l.index = index
		if e.Name == "" {
			return nil, &Error{Msg: fmt.Sprintf("column %d has no name", len(list)+1)}
		}
		if seen[e.Name] {
			return nil, &Error{Column: e.Name, Msg: "two columns have this name"}
		}
		seen[e.Name] = true
		var err error
		if next, index, err = pass(m.Elements, next, index); err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	if next != len(m.Elements) {
		return nil, damaged("its schema has columns beyond the table's")
	}
	return list, checkGroups(m, list, index)
}

// pass returns the element after the one at next with all below it, and the
// number of leaves up to there. It does not recurse, so that no depth is too
// much for it.
func pass(all []format.Element, next, index int) (int, int, error) {
	for open := 1; open > 0; next++ {
		if next >= len(all) {
			return 0, 0, damaged("its schema is cut short")
		}
		e := &all[next]
		open--
		switch {
		case e.Children < 0 || int(e.Children) > len(all):
			return 0, 0, damaged("its schema is cut short")
		case e.Children > 0:
			open += int(e.Children)
		case e.Phys >= 0:
			index++
		}
	}
	return next, index, nil
}

// checkGroups holds the row groups against the schema, so that the readers may
// trust the numbers of rows and chunks.
func checkGroups(m *format.Meta, list []leaf, chunks int) error {
	rows := int64(0)
	for i, g := range m.Groups {
		if len(g.Chunks) != chunks {
			return at(damaged("it has %d columns, the schema %d", len(g.Chunks), chunks), "", i+1)
		}
		if g.Rows < 0 || g.Rows > 1<<50 {
			return at(damaged("it claims %d rows", g.Rows), "", i+1)
		}
		rows += g.Rows
		for j := range list {
			l := &list[j]
			if l.means == unreadable {
				continue
			}
			c := &g.Chunks[l.index]
			switch {
			case c.Encrypted:
				return format.Encrypted()
			case c.Elsewhere:
				l.means, l.problem = unreadable, "its values are in another file, which is not read"
			case !c.Known:
				return at(damaged("nothing says where its values are"), l.name, i+1)
			case c.Phys != l.phys:
				return at(damaged("its values are not of the schema's type"), l.name, i+1)
			case c.Values != g.Rows:
				return at(damaged("it claims %d values for %d rows", c.Values, g.Rows), l.name, i+1)
			}
		}
	}
	if rows != m.Rows {
		return damaged("its row groups have %d rows, the footer says %d", rows, m.Rows)
	}
	return nil
}

func newLeaf(e *format.Element) leaf {
	l := leaf{name: e.Name, phys: e.Phys, length: int(e.Length), optional: e.Repeat == 1, scale: e.Scale}
	switch {
	case e.Phys < 0 || e.Children > 0:
		l.problem = "it is nested (a list, a map or a struct), which no column of a table is" + advice
		return l
	case e.Repeat > 1 || e.Repeat < 0:
		l.problem = "it is repeated (a list), which no column of a table is" + advice
		return l
	case e.Phys == format.Fixed && (l.length <= 0 || l.length > 1<<20):
		l.problem = fmt.Sprintf("the file is damaged: its values would have %d bytes", l.length)
		return l
	}
	if e.Logical.Kind != 0 {
		l.byLogical(&e.Logical)
	} else {
		l.byConverted(e.Converted)
	}
	if l.means == asNumber && (l.scale < 0 || l.scale > 10_000) {
		l.means, l.problem = unreadable, fmt.Sprintf("the file is damaged: its decimals would have %d places", l.scale)
	}
	if l.means == unreadable && l.problem == "" {
		l.problem = "its values are of a kind that is not read (" + physName(e.Phys) + ")" + advice
	}
	return l
}

// byLogical finds what the values mean; a meaning that does not fit the
// physical type leaves the column unreadable, one that is not known is passed
// over, as the format asks.
func (l *leaf) byLogical(t *format.Logical) {
	whole := l.phys == format.Int32 || l.phys == format.Int64
	switch t.Kind {
	case format.LogicalString, format.LogicalEnum, format.LogicalJSON:
		l.set(asText, l.phys == format.Bytes)
	case format.LogicalDecimal:
		l.scale = t.Scale
		l.set(asNumber, whole || l.phys == format.Bytes || l.phys == format.Fixed)
	case format.LogicalDate:
		l.set(asDate, l.phys == format.Int32)
	case format.LogicalTime:
		l.unit = t.Unit
		l.set(asClock, whole && t.Unit >= 1 && t.Unit <= 3)
	case format.LogicalTimestamp:
		l.unit = t.Unit
		l.set(asMoment, l.phys == format.Int64 && t.Unit >= 1 && t.Unit <= 3)
	case format.LogicalInteger:
		if t.Signed {
			l.set(asInt, whole)
		} else {
			l.set(asUint, whole)
		}
	case format.LogicalNull:
		l.set(asNothing, true)
	case format.LogicalUUID:
		l.set(asUUID, l.phys == format.Fixed && l.length == 16)
	case format.LogicalFloat16:
		l.set(asHalf, l.phys == format.Fixed && l.length == 2)
	default:
		l.byConverted(-1)
	}
}

func (l *leaf) byConverted(c int32) {
	whole := l.phys == format.Int32 || l.phys == format.Int64
	switch {
	case c == format.ConvertedUTF8 || c == format.ConvertedEnum || c == format.ConvertedJSON:
		l.set(asText, l.phys == format.Bytes)
	case c == format.ConvertedDecimal:
		l.set(asNumber, whole || l.phys == format.Bytes || l.phys == format.Fixed)
	case c == format.ConvertedDate:
		l.set(asDate, l.phys == format.Int32)
	case c == format.ConvertedTimeMillis || c == format.ConvertedTimeMicros:
		l.unit = int(c-format.ConvertedTimeMillis) + 1
		l.set(asClock, whole)
	case c == format.ConvertedMillis || c == format.ConvertedMicros:
		l.unit = int(c-format.ConvertedMillis) + 1
		l.set(asMoment, l.phys == format.Int64)
	case c >= format.ConvertedUint8 && c <= format.ConvertedUint64:
		l.set(asUint, whole)
	case c >= format.ConvertedInt8 && c <= format.ConvertedInt64:
		l.set(asInt, whole)
	case l.phys == format.Bool:
		l.means = asBool
	case whole:
		l.means = asInt
	case l.phys == format.Float || l.phys == format.Double:
		l.means = asFloat
	case l.phys == format.Int96:
		l.means = asInt96
	case l.phys == format.Bytes || l.phys == format.Fixed:
		l.means = asText // if it is UTF-8
	}
}

func (l *leaf) set(m meaning, fits bool) {
	if fits {
		l.means = m
	}
}

func physName(p int32) string {
	names := []string{"boolean", "int32", "int64", "int96", "float", "double", "byte array", "fixed-length byte array"}
	if p < 0 || int(p) >= len(names) {
		return fmt.Sprintf("unknown type %d", p)
	}
	return names[p]
}
