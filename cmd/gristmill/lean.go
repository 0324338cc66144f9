//go:build lean

package main

import "github.com/spf13/cobra"

// stackCommands are left out of the lean build, which embeds no servers.
func (a *app) stackCommands() []*cobra.Command { return nil }
