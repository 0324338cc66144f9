package frame

import "slices"

// Type is the type of a column's values. The values are wire values.
type Type string

// The types of column.
const (
	Float64 Type = "float64"
	Int64   Type = "int64"
	Bool    Type = "bool"
	String  Type = "string"
	// Timestamp is a moment in UTC, in microseconds since 1970 (in Column.Ints).
	Timestamp Type = "timestamp"
)

// Numeric reports whether values of t are numbers that a transformer may scale.
func (t Type) Numeric() bool { return t == Float64 || t == Int64 }

// Field describes one column.
type Field struct {
	Name     string   `json:"name" yaml:"name"`
	Type     Type     `json:"type" yaml:"type"`
	Nullable bool     `json:"nullable,omitempty" yaml:"nullable,omitempty"`
	Min      *float64 `json:"min,omitempty" yaml:"min,omitempty"`       // smallest allowed number, inclusive; nil: no bound
	Max      *float64 `json:"max,omitempty" yaml:"max,omitempty"`       // largest allowed number, inclusive; nil: no bound
	Values   []string `json:"values,omitempty" yaml:"values,omitempty"` // allowed strings; empty: any
	// Format is how a file writes the times of a timestamp column, in the
	// signs of strptime: "%d.%m.%Y %H:%M"; empty: ISO 8601, see ParseTime.
	Format string `json:"format,omitempty" yaml:"format,omitempty"`
}

// Schema is the ordered list of a table's columns.
type Schema struct {
	Fields []Field `json:"fields" yaml:"fields"`
}

// Names returns the columns' names in order.
func (s Schema) Names() []string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return names
}

// Index returns the position of the named column, or -1.
func (s Schema) Index(name string) int {
	return slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
}

// Field returns the named column's description.
func (s Schema) Field(name string) (Field, bool) {
	if i := s.Index(name); i >= 0 {
		return s.Fields[i], true
	}
	return Field{}, false
}

// Without returns the schema with the named columns left out.
func (s Schema) Without(names ...string) Schema {
	var out Schema
	for _, f := range s.Fields {
		if !slices.Contains(names, f.Name) {
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

// Signature is the contract of a model: what it takes and what it answers.
type Signature struct {
	Inputs  Schema   `json:"inputs"`
	Outputs Schema   `json:"outputs"`
	Classes []string `json:"classes,omitempty"` // labels in the order of the probabilities; empty for regression
}
