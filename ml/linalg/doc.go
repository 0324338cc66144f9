// Package linalg is the dense linear algebra that the linear models need, in
// plain Go loops: Gram matrices, a Cholesky solve, and least squares by
// Householder QR with pivoting and refinement.
//
// Matrices are row-major slices. Every sum is taken in one fixed order, so that
// a result is the same, bit for bit, for any number of workers.
package linalg
