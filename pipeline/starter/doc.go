// Package starter writes a first pipeline spec for a table that nobody has
// described: it looks at every column, guesses what it is, and writes a spec
// that trains as it stands, with the reason of every guess beside it.
//
// The guesses are careful rather than clever. A column is left out only when it
// cannot help (constant, empty, a name of its row) or helps too well (it alone
// gives the target away); rows are parted at random unless they are clearly in
// the order of time. What is written is for people to change.
package starter
