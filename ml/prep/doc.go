// Package prep turns the columns of a table into the numbers that an estimator
// reads: imputers, scalers, encodings of categories, dates and texts, and
// features made of several columns, composed by rules over columns. Steps
// describes them all; the fitted steps themselves are in number and encode.
//
// A Spec is what a person writes: rules in order, each a selector of columns
// and the steps that they go through. A column goes to the first rule that
// matches it, and on to later ones while the rules take it also; a rule for the
// remainder takes what no other rule takes; a column that no rule takes is a
// problem, because a forgotten column is more often a mistake than a wish.
// Columns is what Fit returns: the same steps with the numbers and categories
// learned from the training rows. It is immutable, safe for concurrent use, and
// plain data.
//
// Glossary. A rule is {columns, apply} and perhaps also (its columns remain for
// later rules) and prefix (of its features' names). A selector is {type:
// number}, {type: category} (text and bools), {type: bool}, {type: date},
// {names: [a, b]}, {pattern: regexp} or remainder. A step is one of Steps. A
// chain is the fitted steps of one column, or of all columns of a rule that has
// a step on all of them together: ratio, polynomial, similarity. A stage is one
// step of a chain.
//
// Nulls stay nulls until a step takes them away: impute replaces them; one_hot
// and ordinal refuse them as they refuse an unknown category, unless told to
// ignore it (all zeros) or to give it a value; to missing they are the message;
// for frequency, text_length and hash_tokens a null is nothing, 0; similarity
// and bins as one_hot refuse them; all other steps hand them on.
package prep
