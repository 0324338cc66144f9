// Package embedded is the room of the dev services that `gristmill up` runs
// beside its own roles: a private PostgreSQL (package postgres), Temporal's
// server and UI (package temporal) and an S3 server (package s3). Package child
// keeps the processes that the first and the last of them are.
//
// The build tag lean leaves the servers out: then these packages are empty.
package embedded
