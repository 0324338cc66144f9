package inference

import "net/http"

// route is one line of the table. openapi.json describes each of them.
type route struct {
	method   string
	path     string // a net/http pattern without its method
	do       func(*server, *exchange) error
	protocol string // of predictions, as the metrics' label; "" for all else
	open     bool   // a probe: needs no token
}

func (rt *route) pattern() string { return rt.method + " " + rt.path }

// The protocols that predictions are asked for in.
const (
	mlflow = "mlflow"
	oip    = "oip-v2"
)

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// routes is the one table of everything that the door answers.
func routes() []route {
	return []route{
		{method: post, path: "/models/{model}/invocations", do: (*server).invoke, protocol: mlflow},
		{method: post, path: "/models/{model}/versions/{version}/invocations", do: (*server).invoke, protocol: mlflow},
		{method: get, path: "/ping", do: (*server).ping, open: true},
		{method: get, path: "/health", do: (*server).ping, open: true},
		{method: get, path: "/version", do: (*server).release},

		{method: get, path: "/v2", do: (*server).serverMetadata},
		{method: get, path: "/v2/health/live", do: (*server).serverLive, open: true},
		{method: get, path: "/v2/health/ready", do: (*server).serverReady, open: true},
		{method: get, path: "/v2/models", do: (*server).listModels},
		{method: get, path: "/v2/models/{model}", do: (*server).modelMetadata},
		{method: get, path: "/v2/models/{model}/ready", do: (*server).modelReady},
		{method: get, path: "/v2/models/{model}/versions/{version}", do: (*server).modelMetadata},
		{method: get, path: "/v2/models/{model}/versions/{version}/ready", do: (*server).modelReady},
		{method: post, path: "/v2/models/{model}/infer", do: (*server).infer, protocol: oip},
		{method: post, path: "/v2/models/{model}/versions/{version}/infer", do: (*server).infer, protocol: oip},

		{method: get, path: "/healthz", do: (*server).ping, open: true},
		{method: get, path: "/readyz", do: (*server).ready, open: true},
		{method: get, path: "/metrics", do: (*server).prometheus},
		{method: get, path: "/openapi.json", do: (*server).document},
	}
}
