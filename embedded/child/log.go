package child

import (
	"errors"
	"fmt"
	"io"
	"os"

	"gristmill"
)

// logLimit is the size in bytes from which a log is set aside at a start.
const logLimit = 16 << 20

// Log is the file that a kept process writes to, which remembers where the part
// of the latest process begins. It is for one supervisor at a time.
type Log struct {
	path  string
	begin int64
}

// NewLog returns the log at path. If it has grown long it is set aside as
// path.1, where it replaces its predecessor.
func NewLog(path string) (*Log, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() >= logLimit {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("set log aside: %w", err)
		}
	}
	return &Log{path: path}, nil
}

// Path returns where the log is.
func (l *Log) Path() string { return l.path }

// Open opens the log, of mode 0600, for the output of one more process.
func (l *Log) Open() (*os.File, error) {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, gristmill.Hide(gristmill.Precondition, err, "cannot write %s", l.path)
	}
	if l.begin, err = f.Seek(0, io.SeekEnd); err != nil {
		return nil, errors.Join(fmt.Errorf("find end of log: %w", err), f.Close())
	}
	return f, nil
}

// Latest returns the first 64 KiB that the latest process has written.
func (l *Log) Latest() ([]byte, error) {
	f, err := os.Open(l.path)
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, l.begin, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	return b, nil
}
