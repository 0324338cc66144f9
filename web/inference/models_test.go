package inference_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gristmill"
	"gristmill/ml"
	"gristmill/ml/bundle"
	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
	"gristmill/ml/linear"
	"gristmill/ml/prep"
	"gristmill/serving"
	"gristmill/web/inference"
)

// platform is a store of deployments and packages in memory.
type platform struct {
	serving.Store // what a host must not call panics
	mu            sync.Mutex
	deployments   map[string]serving.Deployment
	packages      map[gristmill.Digest][]byte
	changes       chan struct{}
}

func newPlatform() *platform {
	return &platform{deployments: map[string]serving.Deployment{}, packages: map[gristmill.Digest][]byte{}, changes: make(chan struct{}, 1)}
}

func (p *platform) ListDeployments(context.Context, string) ([]serving.Deployment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Values(p.deployments)), nil
}

func (p *platform) Observe(context.Context, string, string, []serving.Observation, time.Duration) error {
	return nil
}

func (p *platform) Leave(context.Context, string, string) error { return nil }

func (p *platform) Changes(context.Context) (<-chan struct{}, error) { return p.changes, nil }

func (p *platform) Package(_ context.Context, d gristmill.Digest) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b, ok := p.packages[d]; ok {
		return b, nil
	}
	return nil, gristmill.Errorf(gristmill.NotFound, "no object sha256/%s", d)
}

// deploy lets a version of a model take traffic.
func (p *platform) deploy(model string, version int, packed []byte) {
	d := gristmill.DigestOf(packed)
	p.mu.Lock()
	p.packages[d] = packed
	p.deployments[model] = serving.Deployment{Model: model, Version: version, Generation: int64(version), State: serving.Stable,
		Package: gristmill.Ref{Digest: d, Size: int64(len(packed))}}
	p.mu.Unlock()
	select {
	case p.changes <- struct{}{}:
	default:
	}
}

// serve runs a host over p until the test ends, and waits until every model is
// settled: loaded or refused.
func serve(t testing.TB, p *platform, cfg inference.Config) (*serving.Host, http.Handler) {
	t.Helper()
	settled := make(chan struct{}, 64)
	host := serving.NewHost(p, p, "test", serving.HostConfig{Observe: func(e serving.Event) {
		if e.Kind == serving.Switched || e.Kind == serving.LoadFailed {
			select {
			case settled <- struct{}{}:
			default:
			}
		}
	}})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = host.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	for range p.deployments {
		select {
		case <-settled:
		case <-time.After(30 * time.Second):
			t.Fatal("a model was neither loaded nor refused within 30 s")
		}
	}
	return host, inference.New(host, cfg)
}

// churnTable is what the churn model learns from.
const churnTable = `tenure,charges,senior,contract,plan,churn
1,20.5,false,month,basic,Yes
2,70,true,month,basic,Yes
3,,false,month,plus,Yes
40,30.25,false,two year,plus,No
50,90,true,two year,plus,No
60,55,false,year,basic,No
5,80,true,year,basic,Yes
70,,false,two year,plus,No
`

// churn trains a logistic model; l2 makes versions differ.
func churn(l2 float64) []byte {
	rules := prep.Spec{
		{Columns: prep.Selector{Names: []string{"tenure", "charges"}}, Apply: []prep.Step{{Op: prep.OpImpute, Strategy: prep.Median}, {Op: prep.OpScale, Strategy: prep.Standard}}},
		{Columns: prep.Selector{Names: []string{"plan"}}, Apply: []prep.Step{{Op: prep.OpOneHot, Unknown: prep.Fail}}},
		{Columns: prep.Selector{Remainder: true}, Apply: []prep.Step{{Op: prep.OpOneHot, Unknown: prep.Ignore}}},
	}
	return train("churn", churnTable, "churn", rules, linear.Logistic{L2: l2})
}

// price trains a ridge regression of y = 3a - 2b.
func price() []byte {
	rules := prep.Spec{{Columns: prep.Selector{Type: prep.Number}, Apply: []prep.Step{{Op: prep.OpImpute, Strategy: prep.Mean}}}}
	return train("price", "a,Lot Area,y\n1,1,1\n2,1,4\n3,2,5\n4,0.5,11\n5,3,9\n", "y", rules, linear.Ridge{L2: 1e-9})
}

func train(name, table, target string, rules prep.Spec, spec ml.Spec) []byte {
	must := func(err error) {
		if err != nil {
			panic(fmt.Errorf("train the test's model %s: %w", name, err))
		}
	}
	ctx := context.Background()
	rows, err := csv.Read(strings.NewReader(table), csv.Options{})
	must(err)
	y := rows.Column(target)
	d := ml.Data{Y: make([]float64, rows.Rows())}
	if y.Field.Type == frame.String {
		d.Classes = []string{"No", "Yes"}
	}
	for i := range d.Y {
		if d.Classes == nil {
			d.Y[i] = y.Float(i)
		} else {
			d.Y[i] = float64(slices.Index(d.Classes, y.Text(i)))
		}
	}
	inputs := rows.Without(target)
	p, err := prep.Fit(ctx, rules, inputs)
	must(err)
	d.X, err = p.Apply(ctx, inputs)
	must(err)
	m, err := spec.Fit(ctx, d, ml.FitOptions{})
	must(err)
	b, err := bundle.New(name, p, m, bundle.Target{Name: target})
	must(err)
	b.InputExample = inputs.Take([]int{0, 1, 2})
	files, err := b.Write()
	must(err)
	packed, err := bundle.Pack(files)
	must(err)
	return packed
}
