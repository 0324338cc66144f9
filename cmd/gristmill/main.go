package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"gristmill"
)

// Exit statuses, documented in every command's help.
const (
	exitOK     = 0 // done
	exitFailed = 1 // the work failed, or a gate refused
	exitUsage  = 2 // wrong usage or bad input
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// app is what every command needs: its streams and the configuration.
type app struct {
	in       io.Reader
	out, err io.Writer
	cfg      Config
	origin   map[string]string // of every configuration key
	json     bool
}

// run is main with its inputs as parameters; it returns the exit status.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	a := &app{in: in, out: out, err: errOut}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	var status exitStatus
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &status):
		return int(status)
	default:
		fmt.Fprintln(errOut, "gristmill: "+message(err))
		return statusOf(err)
	}
}

// exitStatus ends the program with a status when everything was said already.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usageError marks errors of the command line itself.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// message is an error's text for the person at the terminal.
func message(err error) string {
	var e *gristmill.Error
	if errors.As(err, &e) {
		return e.Public()
	}
	return err.Error()
}

// statusOf maps an error to the exit status: what the caller can mend by typing
// something else is 2, everything else 1.
func statusOf(err error) int {
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	switch gristmill.KindOf(err) {
	case gristmill.Invalid, gristmill.NotFound, gristmill.Forbidden, gristmill.Unauthenticated, gristmill.Precondition:
		return exitUsage
	default:
		return exitFailed
	}
}

func (a *app) root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gristmill",
		Short: "Workflow-orchestrated MLOps: data in, a served and watched model out",
		Long: `Gristmill chains data fetch, transform, train, evaluate, register and deploy as
durable workflows, and serves what comes out.

Start everything on this machine with "gristmill up", then train a shipped
pipeline with "gristmill train churn".

EXIT STATUS
  0  done
  1  the work failed, or a gate refused
  2  wrong usage or bad input`,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.configure(cmd) },
	}
	cmd.CompletionOptions.HiddenDefaultCmd = false
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	a.cfg = Default()
	for _, f := range a.cfg.fields() {
		if f.global {
			cmd.PersistentFlags().String(f.flag(), f.value(), f.usage)
		}
	}
	cmd.PersistentFlags().BoolVar(&a.json, "json", false, "print one JSON value on stdout; progress and logs go to stderr")
	cmd.AddGroup(&cobra.Group{ID: "stack", Title: "The stack:"}, &cobra.Group{ID: "work", Title: "Work:"}, &cobra.Group{ID: "nouns", Title: "Nouns:"})
	cmd.AddCommand(a.commands()...)
	strict(cmd)
	return cmd
}

// strict makes wrong arguments usage errors, and a noun without a verb too.
func strict(c *cobra.Command) {
	if args := c.Args; args != nil {
		c.Args = func(cmd *cobra.Command, given []string) error {
			if err := args(cmd, given); err != nil {
				return usageError{fmt.Errorf("%s: %w\nusage: %s", cmd.CommandPath(), err, cmd.UseLine())}
			}
			return nil
		}
	}
	if c.HasSubCommands() && c.RunE == nil {
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(cmd *cobra.Command, given []string) error {
			if len(given) == 0 {
				return cmd.Help()
			}
			err := fmt.Errorf("unknown command %q for %q", given[0], cmd.CommandPath())
			if near := cmd.SuggestionsFor(given[0]); len(near) > 0 {
				err = fmt.Errorf("%w; did you mean %q?", err, near[0])
			}
			return usageError{err}
		}
		c.SuggestionsMinimumDistance = 2
	}
	for _, sub := range c.Commands() {
		strict(sub)
	}
}
