//go:build !lean

package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"gristmill/embedded/postgres"
)

func (a *app) doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "doctor", GroupID: "stack", Short: "Say whether the stack can start on this machine", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			type finding struct {
				Check string `json:"check"`
				OK    bool   `json:"ok"`
				Found string `json:"found"`
			}
			var list []finding
			add := func(check string, found string, err error) {
				if err != nil {
					found = message(err)
				}
				list = append(list, finding{check, err == nil, found})
			}
			pg, err := postgres.Find()
			add("PostgreSQL", fmt.Sprintf("%s in %s", pg.Version, pg.Dir), err)
			if s, ok := running(a.cfg.Data); ok {
				add("stack", fmt.Sprintf("runs as process %d, %s", s.PID, s.HTTP), nil)
			} else {
				add("ports", "free", checkPorts(a.cfg))
				add("data directory", a.cfg.Data, probeData(a.cfg.Data))
			}
			bad := 0
			for _, f := range list {
				if !f.OK {
					bad++
				}
			}
			if a.json {
				if err := a.printJSON(list); err != nil {
					return err
				}
			} else {
				t := a.table()
				for _, f := range list {
					t.row(map[bool]string{true: "ok", false: "BAD"}[f.OK], f.Check, f.Found)
				}
				if err := t.flush(); err != nil {
					return err
				}
			}
			if bad > 0 {
				return exitStatus(exitFailed)
			}
			return nil
		},
	}
	a.stackFlags(cmd)
	return cmd
}

// probeData says whether the data directory could be used; it makes nothing.
func probeData(path string) error {
	info, err := os.Stat(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return unusable(path, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("--data: %s is not a directory", path)
	}
	f, err := os.CreateTemp(path, "probe-*")
	if err != nil {
		return unusable(path, err)
	}
	name := f.Name()
	if err := f.Close(); err != nil {
		return unusable(path, err)
	}
	return os.Remove(name)
}
