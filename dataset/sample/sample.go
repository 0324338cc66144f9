// Package sample holds the data sets that come with the program, as they were
// published: gzipped CSV with the original headers. Origins and licences are in
// README.md beside them.
package sample

import (
	"embed"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

//go:embed *.csv.gz
var files embed.FS

// Sample describes a data set.
type Sample struct {
	Name    string // what stands after "sample:"
	Title   string
	Rows    int
	Columns int
	Target  string // the column that is usually predicted
}

// All returns the samples by name.
func All() []Sample {
	return []Sample{
		{"ames_housing", "Houses sold in Ames, Iowa, 2006-2010", 2930, 74, "Sale_Price"},
		{"chicago_ridership", "Passengers a day at Clark/Lake in Chicago, 2001-2016", 5698, 50, "ridership"},
		{"telco_churn", "Customers of a telephone company who left or stayed", 7043, 20, "churn"},
	}
}

// Names returns the samples' names in order.
func Names() []string {
	var names []string
	for _, s := range All() {
		names = append(names, s.Name)
	}
	return names
}

// Open returns a sample's bytes, gzipped CSV. The error wraps fs.ErrNotExist for
// a name that there is not.
func Open(name string) (io.ReadCloser, error) {
	if strings.ContainsAny(name, `/\`) {
		return nil, fmt.Errorf("open sample %q: %w", name, fs.ErrNotExist)
	}
	f, err := files.Open(name + ".csv.gz")
	if err != nil {
		return nil, fmt.Errorf("open sample %q: %w", name, err)
	}
	return f, nil
}
