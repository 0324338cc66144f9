// Command gristmill is the whole platform in one binary: the stack on a laptop
// (gristmill up), and the client that starts and shows its work.
package main
