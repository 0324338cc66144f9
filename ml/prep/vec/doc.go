// Package vec holds a column on its way through the fitted steps of a
// transform, and what a step is to the rules that compose it.
//
// A Vec is numbers (bools as 0 and 1) with NaN for a null, text with a bitmap,
// or moments. A Transformer takes a list of them and gives a list: one in and
// one out for a scaler, one in and many out for one-hot, many in and many out
// for polynomial features.
package vec
