// Package mill runs stacks of the real binary for the tests that drive it from
// outside: each in a directory and on ports of its own, ended by its process id.
//
// Glossary. A stack is one data directory with its ports; Up starts it in the
// background as "up -d" does, Start in the foreground. A tree is a process with
// its children, found in /proc.
package mill
