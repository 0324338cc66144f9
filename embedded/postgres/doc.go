// Package postgres runs a private PostgreSQL cluster for `gristmill up`: its own
// directory, its own port on loopback, its own password, from the PostgreSQL
// binaries that the machine has.
//
// PostgreSQL refuses to run as root. For root the server therefore runs in a
// user namespace in which root is called by another name; where the kernel does
// not allow that, as the user postgres.
//
// Beside the cluster's directory DIR lie DIR.password (mode 0600), DIR.log,
// DIR.lock and, while it runs, DIR.pid.
package postgres
