// Package csv reads and writes tables as CSV: whole, on several threads, or in
// batches in little memory, with a schema or finding one.
//
// Glossary. A record is a line of cells, or more lines where a quoted cell holds
// line ends. A block is a run of whole records, about 1 MiB; a part is what one
// column's cells in one block became. A kind is a type that may still change
// while it is inferred. A misfit is a cell that is no value of a given type.
//
// The way of a file: a source cuts it into blocks at line ends that follow an
// even number of quotes; parsers turn blocks into parts, each record a fast way
// or, if anything is odd about it, by the scanner, which alone knows the whole
// grammar and its messages; and the parts are joined in the file's order. Since
// the blocks are the same for any number of workers, so are frames and errors.
package csv
