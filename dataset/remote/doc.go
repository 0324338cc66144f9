// Package remote reads datasets from other machines: Reach says which of them may
// be reached at all, and HTTP is the source of web servers.
//
// What a server must not do, and what is done about it: lead us to a service
// beside the worker (every address is judged when it is dialed, also after a
// redirect), get a credential that is not for it (they go to the first origin
// only), hold us (time limits, also for an answer that drips), fill the disk
// (limits of size and of growth), or have a part taken for the whole (an answer
// that breaks off is an error of Read, so that nothing is stored).
package remote
