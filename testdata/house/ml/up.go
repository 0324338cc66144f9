// Package ml is planted: the ground looks up.
package ml

import (
	_ "gristmill"
	_ "gristmill/tracking"
)
