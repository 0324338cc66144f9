// Package format reads the metadata of Parquet files: the footer and the headers
// of pages, which are Thrift structs
// (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift).
// It says what stands there and believes none of it: package parquet holds it
// against the file.
package format
