// Package store is the memory's room: postgres holds rows, blob holds bytes. It
// has no code of its own; what is remembered, and how a memory must behave, is
// said by the domain rooms' Store interfaces and their conformance suites.
package store
