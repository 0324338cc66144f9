// Package dataset guards the data that models learn from: where bytes come from
// and what makes them a table. What a table holds is said by dataset/profile, and
// which of its rows train, validate and test by dataset/split.
//
// Glossary. A Source opens the bytes of one kind of address; a SourceSpec is
// such an address, parsed. A Spec is a pipeline's section data. A Version is a
// dataset at one moment: the digest of its bytes as they were fetched (still
// compressed, if they were), which are stored once. A Table is a version's bytes
// read into a frame. A SplitSpec and a FoldSpec say how its rows are parted.
//
// A version's life, which only adds knowledge and never changes the bytes:
//
//	address ──fetch or upload──> stored (digest, size) ──read──> described (rows, schema, profile)
//
// Trust: who may write a spec chooses what a worker reads. Files are therefore
// read only below allowed roots, after all symbolic links are resolved; other
// machines are reached only as dataset/remote's Reach allows. Credentials are
// named in a spec (secret://NAME) and never written there; they are looked up by
// Secrets where the connection is made, and a DSN or address that is a secret is
// trusted as its operator is.
//
// A table is read in one of two ways: Read has all of it in memory, and Scan
// goes through it in parts. Both take what the bytes are (CSV or Parquet, plain
// or compressed by gzip or zstd) and give the same table, schema and errors.
package dataset
