// Package data runs our readers of tables and those of pandas, pyarrow and DuckDB
// side by side: every round runs each contender once, one after the other, each
// in a process of its own that measures reading alone (no start, no import), on
// two threads. It prints the medians over the rounds, of the time by the clock
// and of the processor time, and how they compare with ours, after it has seen
// that all of them have read the same numbers. `make bench-data` runs it, or
//
//	GRISTMILL_PYTHON=VENV/bin/python go test -count=1 -tags bench -run TestPeers -timeout 30m ./test/bench/data
//
// with GRISTMILL_BENCH_ROWS (2000000), GRISTMILL_BENCH_ROUNDS (5) and
// GRISTMILL_BENCH_DIR, where the tables are kept for the next run.
package data
