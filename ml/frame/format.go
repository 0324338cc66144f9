package frame

import "strconv"

// formatFloat renders a number as the shortest decimal that reads back equal.
func formatFloat(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
