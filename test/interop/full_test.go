//go:build interop

package interop

import (
	"testing"

	"gristmill/test/mill"
)

// What pipelines in full promise, on one stack: first specs of public tables,
// every transform, the target's and the folds, and the numbers of a report.
func TestPipelines(t *testing.T) {
	s := mill.At(tool(t, "GRISTMILL_BINARY")).Stack(t)
	s.Up(t)
	t.Run("first specs of public tables", func(t *testing.T) { firstSpecs(t, s) })
	t.Run("all transforms on Ames", func(t *testing.T) { fullTransforms(t, s) })
	t.Run("reports are what scikit-learn measures", func(t *testing.T) { reports(t, s) })
	t.Run("a copied row is found", func(t *testing.T) { copiedRow(t, s) })
	s.OK(t, "down")
}
