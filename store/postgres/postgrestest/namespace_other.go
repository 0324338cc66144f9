//go:build !linux

package postgrestest

// namespaced is empty: user namespaces are Linux's.
func namespaced() []identity { return nil }
