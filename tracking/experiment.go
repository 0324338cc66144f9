package tracking

import "time"

// Lifecycle says whether something was deleted; deleted things can be restored.
type Lifecycle string

// The lifecycle stages, by MLflow's words.
const (
	Active  Lifecycle = "active"
	Deleted Lifecycle = "deleted"
)

// Experiment groups runs under a name that is unique in its project.
type Experiment struct {
	ID        int64             `json:"experiment_id,string"`
	Project   string            `json:"project"`
	Name      string            `json:"name"`
	Location  string            `json:"artifact_location"` // URI below which its runs' artifacts lie; "" means the server's default
	Lifecycle Lifecycle         `json:"lifecycle_stage"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	Tags      map[string]string `json:"tags,omitempty"`
}
