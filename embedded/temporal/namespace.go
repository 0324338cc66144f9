//go:build !lean

package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	// Namespace is the one that everything runs in.
	Namespace = "default"
	retention = 7 * 24 * time.Hour // of finished workflows; ours are in the tracker for good
)

// openNamespace registers the namespace if it is missing and returns when each
// service works with it, so that the first workflow meets no half-started
// server.
func openNamespace(ctx context.Context, addr string) (err error) {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	c := workflowservice.NewWorkflowServiceClient(conn)
	for _, step := range []struct {
		what string
		call func(context.Context, workflowservice.WorkflowServiceClient) error
	}{
		{"register namespace", register},
		{"see namespace", describe},
		{"reach history", askHistory},
		{"reach matching", askMatching},
		{"reach visibility", askVisibility},
	} {
		if err := retry(ctx, func() error { return step.call(ctx, c) }); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// retry calls until it works or ctx ends: there is nothing to be told by.
func retry(ctx context.Context, call func() error) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := call()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// typed turns an error of the wire into one of Temporal's types.
func typed(err error) error { return serviceerror.FromStatus(serviceerror.ToStatus(err)) }

func register(ctx context.Context, c workflowservice.WorkflowServiceClient) error {
	_, err := c.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: Namespace, Description: "everything of gristmill",
		WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	if exists := (*serviceerror.NamespaceAlreadyExists)(nil); errors.As(typed(err), &exists) {
		return nil
	}
	return err
}

func describe(ctx context.Context, c workflowservice.WorkflowServiceClient) error {
	_, err := c.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: Namespace})
	return err
}

// askHistory asks every shard for a workflow that is not there. Shards are found
// by a hash of the workflow's name, so a few names reach all four.
func askHistory(ctx context.Context, c workflowservice.WorkflowServiceClient) error {
	for i := range 4 * shards {
		_, err := c.DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
			Namespace: Namespace, Execution: &common.WorkflowExecution{WorkflowId: fmt.Sprintf("gristmill-readiness-%d", i)},
		})
		if missing := (*serviceerror.NotFound)(nil); err != nil && !errors.As(typed(err), &missing) {
			return err
		}
	}
	return nil
}

func askMatching(ctx context.Context, c workflowservice.WorkflowServiceClient) error {
	_, err := c.DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: Namespace, TaskQueue: &taskqueue.TaskQueue{Name: "gristmill"},
		TaskQueueType: enums.TASK_QUEUE_TYPE_WORKFLOW,
	})
	return err
}

func askVisibility(ctx context.Context, c workflowservice.WorkflowServiceClient) error {
	_, err := c.ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: Namespace, PageSize: 1})
	return err
}
