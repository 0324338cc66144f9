// Package cluster finds groups of rows that lie near each other: k-means by
// Lloyd's iterations from k-means++ seeds. Results depend on the seed and on
// nothing else.
package cluster
