package workflows

// The registered names of the workflows, their queries and their child's IDs.
// They are an interface to the stock CLI and to histories: permanent.
const (
	TrainName   = "Train"
	PromoteName = "Promote"

	StatusQuery = "status"
	PlanQuery   = "plan"
)
