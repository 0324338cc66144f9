package worker

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// depth tells how many tasks wait on the queues; it asks Temporal when it is
// scraped, so that nothing polls while nobody looks.
type depth struct {
	client    client.Client
	namespace string
	queues    []string
	waiting   *prometheus.Desc
	age       *prometheus.Desc
}

// scrapeWithin bounds what a scrape may wait for Temporal; a queue that does
// not answer in time is left out.
const scrapeWithin = time.Second

func newDepth(c client.Client, queues []string) *depth {
	labels := []string{"queue", "type"}
	return &depth{client: c, namespace: client.DefaultNamespace, queues: queues,
		waiting: prometheus.NewDesc("gristmill_queue_depth", "Tasks that wait on a queue, as Temporal estimates them.", labels, nil),
		age:     prometheus.NewDesc("gristmill_queue_oldest_task_age_seconds", "Age of the task that has waited longest.", labels, nil),
	}
}

// Describe names the two metrics.
func (d *depth) Describe(ch chan<- *prometheus.Desc) { ch <- d.waiting; ch <- d.age }

// Collect asks for every queue and kind of task.
func (d *depth) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin)
	defer cancel()
	for _, queue := range d.queues {
		for name, kind := range map[string]enums.TaskQueueType{"workflow": enums.TASK_QUEUE_TYPE_WORKFLOW, "activity": enums.TASK_QUEUE_TYPE_ACTIVITY} {
			answer, err := d.client.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
				Namespace: d.namespace, TaskQueue: &taskqueue.TaskQueue{Name: queue, Kind: enums.TASK_QUEUE_KIND_NORMAL}, TaskQueueType: kind, ReportStats: true})
			if err != nil {
				continue
			}
			ch <- prometheus.MustNewConstMetric(d.waiting, prometheus.GaugeValue, float64(answer.GetStats().GetApproximateBacklogCount()), queue, name)
			ch <- prometheus.MustNewConstMetric(d.age, prometheus.GaugeValue, answer.GetStats().GetApproximateBacklogAge().AsDuration().Seconds(), queue, name)
		}
	}
}
