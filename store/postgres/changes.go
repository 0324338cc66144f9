package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// How Changes waits: slowTick is the longest silence, after which a value comes
// without a change, since leases run out silently; reconnect the pause before a
// broken connection is made again.
const (
	slowTick  = 5 * time.Second
	reconnect = 250 * time.Millisecond
)

// Changes implements serving.Observations by LISTEN on a connection of its own,
// which is made again when it breaks. What was told before Changes returned may
// be missed, nothing that is told later: several changes may come as one value.
func (s *Deployments) Changes(ctx context.Context) (<-chan struct{}, error) {
	l := &listener{config: s.db.pool.Config().ConnConfig, out: make(chan struct{}, 1)}
	if err := l.connect(ctx); err != nil {
		return nil, mapError(ctx, "listen for changes", err)
	}
	go l.run(ctx)
	return l.out, nil
}

type listener struct {
	config *pgx.ConnConfig
	conn   *pgx.Conn // nil while broken
	out    chan struct{}
}

func (l *listener) connect(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, l.config.Copy())
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `LISTEN gristmill_deployment`); err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	l.conn = conn
	return nil
}

func (l *listener) run(ctx context.Context) {
	defer close(l.out)
	defer l.drop()
	for ctx.Err() == nil {
		if l.conn == nil && !l.again(ctx) {
			continue
		}
		l.wait(ctx)
		l.tell()
	}
}

// wait returns at a notification, after a slow tick, or when the connection
// broke.
func (l *listener) wait(ctx context.Context) {
	silence, cancel := context.WithTimeout(ctx, slowTick)
	defer cancel()
	_, err := l.conn.WaitForNotification(silence)
	if err == nil {
		return
	}
	if silence.Err() != nil && ctx.Err() == nil {
		check, cancel := context.WithTimeout(ctx, slowTick)
		defer cancel()
		err = l.conn.Ping(check) // a connection may die without a word
	}
	if err != nil {
		l.drop()
	}
}

// again pauses, then connects; a change may have been missed meanwhile, so the
// caller tells one.
func (l *listener) again(ctx context.Context) bool {
	pause := time.NewTimer(reconnect)
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-pause.C:
	}
	if err := l.connect(ctx); err != nil {
		return false
	}
	l.tell()
	return true
}

// tell leaves a value unless one waits already.
func (l *listener) tell() {
	select {
	case l.out <- struct{}{}:
	default:
	}
}

func (l *listener) drop() {
	if l.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = l.conn.Close(ctx) // it is broken or not needed: nobody can act on a failure
	l.conn = nil
}
