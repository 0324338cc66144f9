// Package prep turns the columns of a table into the numbers that an estimator
// reads: imputers, a standard scaler, one-hot and ordinal encodings, log1p,
// composed by rules over columns.
//
// A Spec is what a person writes: rules in order, each a selector of columns
// and the steps that they go through. A column goes to the first rule that
// matches it; a rule for the remainder takes what no other rule matches; a
// column that no rule takes is a problem, because a forgotten column is more
// often a mistake than a wish. Columns is what Fit returns: the same steps with
// the numbers and categories learned from the training rows. It is immutable,
// safe for concurrent use, and plain data.
//
// Glossary. A rule is {columns, apply}. A selector is {type: number},
// {type: category} (text and bools), {type: bool}, {names: [a, b]},
// {pattern: regexp} or remainder. A step is impute, scale, one_hot, ordinal,
// log1p, keep or drop. A chain is the fitted steps of one column.
//
// Nulls stay nulls until a step takes them away: impute replaces them; one_hot
// and ordinal refuse them as they refuse an unknown category, unless told to
// ignore it (all zeros) or to give it a value; scale and log1p hand them on.
package prep
