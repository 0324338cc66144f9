// Package tracking is planted: it breaks the rules of the house.
package tracking

import (
	"os"

	"gristmill/registry"
)

var _ = os.Getenv("HOME") + registry.Champion

type Fat interface {
	A()
	B()
	C()
	D()
	E()
	F()
}
