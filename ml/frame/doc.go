// Package frame is the columnar table that every algorithm reads: named, typed
// columns with null bitmaps (Arrow's memory layout), their Schema, and what
// makes one value by value. Packages below it read and write files.
//
// Glossary. A Schema says what columns a table has and what values they allow.
// A Column is typed slice plus validity bitmap. A Frame is columns of one
// length. A Signature is the schema of a model's inputs and of its outputs.
package frame
