//go:build !lean && unix && !linux

package postgres

import "errors"

// inNamespace is Linux's alone.
func inNamespace(Install) (runAs, error) {
	return runAs{}, errors.New("run in a user namespace: this system has none")
}
