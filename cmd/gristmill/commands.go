package main

import "github.com/spf13/cobra"

// commands lists every command, one file each.
func (a *app) commands() []*cobra.Command {
	return append(a.stackCommands(),
		a.trainCommand(), a.predictCommand(), a.checkCommand(),
		a.pipelineCommand(), a.runCommand(), a.modelCommand(), a.datasetCommand(), a.deploymentCommand(),
		a.configCommand(), a.versionCommand(),
	)
}
