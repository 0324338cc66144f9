package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Register registers every workflow under its permanent name.
func Register(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(Train, workflow.RegisterOptions{Name: TrainName})
	r.RegisterWorkflowWithOptions(Promote, workflow.RegisterOptions{Name: PromoteName})
}
