// Package child runs one operating-system process for as long as its parent
// wants it: it starts the process, waits until it is ready, starts it again
// when it dies, ends it in order, and finds the one that a killed parent left
// behind.
//
// Three mechanisms see to it that no process is left alone or struck by
// mistake:
//
//   - a parent-death signal (Linux) ends the child when the parent is killed;
//   - a lock file, released by the kernel when its holder dies, keeps a second
//     parent away from the same directory;
//   - an [Identity] (process id, start time, boot) is recorded, because process
//     ids are used again: nothing is signalled unless all three agree.
//
// States of a Process: starting → ready → (died → starting → ready)* → stopped.
package child
