// Package dataset is planted: guests that live next door.
package dataset

import (
	_ "net/http"

	_ "github.com/andybalholm/brotli"
)
