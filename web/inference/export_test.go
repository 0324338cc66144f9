package inference

import "slices"

// Patterns returns the route table for tests, sorted.
func Patterns() []string {
	var list []string
	for _, rt := range routes() {
		list = append(list, rt.pattern())
	}
	slices.Sort(list)
	return list
}
