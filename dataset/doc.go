// Package dataset guards the data that models learn from: where bytes come
// from, what makes them a table, what the table holds, and which of its rows
// train, validate and test.
//
// Glossary. A Source opens the bytes of one kind of address; a SourceSpec is
// such an address, parsed. A Spec is a pipeline's section data. A Version is a
// dataset at one moment: the digest of its bytes as they were fetched (still
// compressed, if they were), which are stored once. A Table is a version's bytes
// read into a frame. A Profile says what each column holds. Parts are the row
// numbers that a Split gives to training, validation and test.
//
// A version's life, which only adds knowledge and never changes the bytes:
//
//	address ──fetch or upload──> stored (digest, size) ──read──> described (rows, schema, profile)
//
// Trust: who may write a spec chooses what a worker reads. Files are therefore
// read only below allowed roots, after all symbolic links are resolved.
package dataset
