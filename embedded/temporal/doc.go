// Package temporal runs Temporal's server and web UI inside this process for
// `gristmill up`, on the private PostgreSQL: four services on loopback, found
// through a fixed list of hosts, with the namespace default.
//
// The schema comes from the server module's own embedded files and is upgraded
// at the start; a schema newer than this program is refused.
package temporal
