// Package s3 runs a private S3 server for `gristmill up`: versitygw over a plain
// directory.
//
// The server is a child process, this program started again with a hidden
// command, because its directory driver changes the process's working directory,
// and so that it can be stopped or killed alone. The child gets its settings and
// credentials on its standard input, never in its arguments, and ends when that
// input ends: then its parent is gone.
//
// Objects are files below DIR, one directory a bucket. What S3 knows beyond a
// file's bytes (content type, checksums, tags) is kept in user extended
// attributes, or in the directory metadata-DIR beside it where the file system
// has none; the file DIR.metadata says which, for good. Beside them lie DIR.lock
// and, while it runs, DIR.pid.
package s3
