package child

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"gristmill"
)

// Lock takes the lock file at path, which is made if need be, and holds it until
// the returned file is closed or this process ends, however it ends. If another
// process holds it, or the file cannot be made, the error is a Precondition; what
// names the locked thing in the message.
func Lock(path, what string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, gristmill.Hide(gristmill.Precondition, err, "cannot write %s", path)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return f, nil
	}
	_ = f.Close() // nothing was written
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, gristmill.Errorf(gristmill.Precondition, "%s is in use by another gristmill", what)
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// CheckFree returns a Precondition error unless a server can listen on addr
// now. what names the server in the message.
func CheckFree(what, addr string) error {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return gristmill.Errorf(gristmill.Precondition, "%s: the address %s is in use by another program", what, addr)
	}
	if err != nil {
		return gristmill.Hide(gristmill.Precondition, err, "%s: cannot listen on %q", what, addr)
	}
	return l.Close()
}

// FreeAddrs returns n different loopback addresses that nobody listens on.
func FreeAddrs(n int) ([]string, error) {
	addrs := make([]string, n)
	for i := range addrs {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find free port: %w", err)
		}
		defer l.Close() // all at the end, so that no port comes twice
		addrs[i] = l.Addr().String()
	}
	return addrs, nil
}
