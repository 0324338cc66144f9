// Package test is the room of whole-system proofs that no other room owns: mill
// drives the real binary, e2e tells people's stories with it, interop lets
// foreign clients and oracles at it.
package test
