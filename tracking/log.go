package tracking

import "time"

// Line is one line of a step's log.
type Line struct {
	Seq     int64     `json:"seq"` // increases within a run; assigned by the store
	Step    string    `json:"step"`
	Attempt int       `json:"attempt"`
	Time    time.Time `json:"time"`
	Level   string    `json:"level"` // debug info warn error
	Text    string    `json:"text"`
}
