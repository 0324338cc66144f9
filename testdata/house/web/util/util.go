// Package util is planted: a name that says nothing.
package util
