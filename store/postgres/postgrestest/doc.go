// Package postgrestest gives a test its own migrated database.
//
// The first call in a test process starts a private PostgreSQL cluster in a
// temporary directory, from the machine's own binaries, and migrates a template
// database once; every test gets a clone of it, which is dropped at its end. The
// cluster listens on a Unix socket only. A small shell process keeps it: when
// the test process ends, however it ends, the shell stops the cluster and
// removes the directory.
package postgrestest
