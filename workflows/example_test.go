package workflows_test

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/testsuite"

	"github.com/stretchr/testify/mock"

	"gristmill/activities"
	"gristmill/pipeline"
	"gristmill/worker"
	"gristmill/workflows"
)

// A promotion whose candidate cannot be loaded leaves the former version.
func Example() {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	workflows.Register(env)
	worker.Register(env, worker.Activities{})
	env.OnActivity("ProposeVersion", mock.Anything, mock.Anything).Return(activities.GenerationOut{Generation: 4, Version: 1}, nil)
	env.OnActivity("AwaitReady", mock.Anything, mock.Anything).Return(func(context.Context, activities.GenerationIn) (activities.GenerationOut, error) {
		return activities.GenerationOut{}, failure("precondition", "server a: the package was altered")
	})
	env.OnActivity("AbortVersion", mock.Anything, mock.Anything).Return(activities.GenerationOut{Generation: 5, Version: 1}, nil)

	env.ExecuteWorkflow(workflows.PromoteName, pipeline.PromoteRequest{Model: "churn", Version: 2})
	var r pipeline.PromoteResult
	if err := env.GetWorkflowResult(&r); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("version %d takes traffic, deployed %v: %s\n", r.Version, r.Deployed, r.Message)
	// Output: version 1 takes traffic, deployed false: server a: the package was altered
}
