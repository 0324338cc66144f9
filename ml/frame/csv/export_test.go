package csv

// WithBlock lets o read n bytes at once, so that small files have many blocks.
func WithBlock(o Options, n int) Options {
	o.block = n
	return o
}
