package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) deploymentCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "deployment", GroupID: "nouns", Short: "List and show what takes traffic"}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "List the deployments", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			list, err := c.Deployments(cmd.Context())
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(filled(list))
			}
			t := a.table("MODEL", "VERSION", "PREVIOUS", "GENERATION", "STATE", "SERVERS")
			for _, d := range list {
				ready := 0
				for _, o := range d.Servers {
					if o.Ready {
						ready++
					}
				}
				t.row(d.Model, fmt.Sprint(d.Version), fmt.Sprint(d.Previous), fmt.Sprint(d.Generation), string(d.State), fmt.Sprintf("%d of %d ready", ready, len(d.Servers)))
			}
			return t.flush()
		}},
		&cobra.Command{Use: "show MODEL", Short: "Show a deployment and what each server serves", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			d, err := c.Deployment(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(d)
			}
			a.say("%s serves version %d (generation %d, %s)", d.Model, d.Version, d.Generation, d.State)
			t := a.table("SERVER", "VERSION", "GENERATION", "READY", "ERROR")
			for _, o := range d.Servers {
				t.row(o.Server, fmt.Sprint(o.Version), fmt.Sprint(o.Generation), fmt.Sprint(o.Ready), o.Error)
			}
			return t.flush()
		}},
	)
	return cmd
}
