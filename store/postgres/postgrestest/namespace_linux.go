package postgrestest

import (
	"os"
	"syscall"
)

// namespaced runs the cluster in a user namespace where root bears another
// number: it works without a user postgres and below a home that only root may
// enter. Some containers forbid it.
func namespaced() []identity {
	return []identity{{uid: -1, attr: &syscall.SysProcAttr{
		Setsid:      true,
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getgid(), Size: 1}},
	}}}
}
