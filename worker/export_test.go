package worker

import "github.com/prometheus/client_golang/prometheus"

// NewGuard is the interceptor under test, with its metrics in r.
func NewGuard(r prometheus.Registerer) *guard { return newGuard(newWatch(r)) }
