// Package parquet reads and writes tables in Apache Parquet, the columnar file
// format of pandas, Spark and DuckDB
// (https://parquet.apache.org/docs/file-format/).
//
// A file may come from a stranger, so reading trusts no number in it: sizes,
// counts and offsets are claims that are held against the bytes that are there
// and against Options' limits before memory is taken for them, and whatever
// does not fit is an *Error that says where and what. The decoding is our own
// for that reason; parquet-go, whose page decoders trust their headers, writes.
//
// Glossary. A file is row groups; a row group has a chunk for every column; a
// chunk is pages, of which the first may be a dictionary, the distinct values
// that the others point into. The footer says where all that lies. A definition
// level says of a row whether it has a value.
//
// What a column becomes:
//
//	boolean                                    bool
//	int8 ... int64, uint8 ... uint64           int64; a uint64 beyond int64 is an error
//	float16, float, double                     float64; NaN is a null, as in pandas
//	decimal                                    float64, the nearest
//	string, enum, JSON, UTF-8 bytes, UUID      string; other bytes are an error
//	date, timestamp (ms, us, ns), int96        timestamp; ns are cut to us, local times count as UTC
//	time of day                                float64, seconds since midnight
//	null                                       string without values
//
// Lists, maps and structs are no columns of a table and an error; so are
// encrypted files.
package parquet
