package worker_test

import (
	"encoding/json"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nexus-rpc/sdk-go/nexus"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"gristmill/pipeline"
	"gristmill/worker"
	"gristmill/workflows"
)

// ledger notes what is registered.
type ledger struct {
	t          *testing.T
	workflows  map[string]any
	activities map[string]any
}

func newLedger(t *testing.T) *ledger {
	l := &ledger{t: t, workflows: map[string]any{}, activities: map[string]any{}}
	workflows.Register(l)
	worker.Register(l, worker.Activities{})
	return l
}

func (l *ledger) note(into map[string]any, name string, fn any) {
	if _, twice := into[name]; twice {
		l.t.Errorf("%s is registered twice", name)
	}
	into[name] = fn
}

func (l *ledger) RegisterWorkflowWithOptions(fn any, o workflow.RegisterOptions) {
	l.note(l.workflows, o.Name, fn)
}
func (l *ledger) RegisterActivityWithOptions(fn any, o activity.RegisterOptions) {
	l.note(l.activities, o.Name, fn)
}
func (l *ledger) RegisterWorkflow(fn any)                                      { l.t.Error("a workflow is registered without a name") }
func (l *ledger) RegisterActivity(fn any)                                      { l.t.Error("an activity is registered without a name") }
func (l *ledger) RegisterDynamicWorkflow(any, workflow.DynamicRegisterOptions) { l.t.Error("dynamic") }
func (l *ledger) RegisterDynamicActivity(any, activity.DynamicRegisterOptions) { l.t.Error("dynamic") }
func (l *ledger) RegisterNexusService(*nexus.Service)                          { l.t.Error("nexus") }

// TestNamesArePermanent holds the names to the golden list: histories and the
// stock CLI know them. A name may be added, never changed or taken away.
func TestNamesArePermanent(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	var got []string
	for name := range l.workflows {
		got = append(got, "workflow "+name)
	}
	for name := range l.activities {
		got = append(got, "activity "+name)
	}
	got = append(got, "query "+workflows.StatusQuery, "query "+workflows.PlanQuery,
		"queue "+pipeline.QueueLight, "queue "+pipeline.QueueCPU, "queue "+pipeline.QueueGPU)
	slices.Sort(got)
	text, err := os.ReadFile("testdata/names.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(text)), "\n")
	if !slices.Equal(got, want) {
		t.Errorf("names\n got %s\nwant %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

// TestActivitiesAreRegisteredUnderTheirMethodsNames: workflows name them so.
func TestActivitiesAreRegisteredUnderTheirMethodsNames(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	byMethod := map[string]string{}
	for name, fn := range l.activities {
		full := runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).Name()
		method := strings.TrimSuffix(full[strings.LastIndex(full, ".")+1:], "-fm")
		if method != name {
			t.Errorf("%s is registered as %s", full, name)
		}
		if other, twice := byMethod[full]; twice {
			t.Errorf("%s is registered as %s and as %s", full, other, name)
		}
		byMethod[full] = name
	}
	// Nothing is left out: every method of every hand with an activity's form.
	hands := reflect.TypeFor[worker.Activities]()
	for i := range hands.NumField() {
		hand := hands.Field(i).Type
		for j := range hand.NumMethod() {
			if m := hand.Method(j); l.activities[m.Name] == nil {
				t.Errorf("%s.%s is not registered", hand, m.Name)
			}
		}
	}
}

// small are the fields that may hold raw JSON: documented small values.
var small = map[string]bool{
	"Output.Value":  true, // a small value: a digest, a list of metrics or gates
	"EndIn.Result":  true, // the workflow's result
	"Step.Params":   true, // of a plan
	"Request.Set[]": true, // overrides of a spec
}

// TestPayloadsCarryNoData walks what goes into histories: one struct in, one
// out, and in them no bytes and no tables of numbers.
func TestPayloadsCarryNoData(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	walked, seen := 0, map[string]bool{}
	for name, fn := range l.activities {
		f := reflect.TypeOf(fn)
		if f.NumIn() != 2 || f.NumOut() != 2 || f.In(1).Kind() != reflect.Struct || f.Out(0).Kind() != reflect.Struct {
			t.Errorf("activity %s has the form %s; want one struct in and one out", name, f)
			continue
		}
		walked += walk(t, f.In(1), name, seen) + walk(t, f.Out(0), name, seen)
	}
	for name, fn := range l.workflows {
		f := reflect.TypeOf(fn)
		if f.NumIn() != 2 || f.NumOut() != 2 || f.In(1).Kind() != reflect.Struct || f.Out(0).Kind() != reflect.Struct {
			t.Errorf("workflow %s has the form %s; want one struct in and one out", name, f)
			continue
		}
		walked += walk(t, f.In(1), name, seen) + walk(t, f.Out(0), name, seen)
	}
	if walked < 100 {
		t.Errorf("only %d fields were looked at", walked)
	}
	for field := range small {
		if !seen[field] {
			t.Errorf("%s is on the list of small values, but no payload has it", field)
		}
	}
	// The walk finds what it looks for.
	for _, bad := range []any{struct{ X []byte }{}, struct{ X []float64 }{}, struct{ X [][]int }{}, struct{ X map[string]any }{}, struct{ X any }{},
		struct{ X []struct{ Y []byte } }{}, struct{ X *struct{ Y json.RawMessage } }{}} {
		found := false
		inspect(reflect.TypeOf(bad), "", func(string, reflect.Type) { found = true }, nil)
		if !found {
			t.Errorf("%T passes", bad)
		}
	}
}

func walk(t *testing.T, typ reflect.Type, name string, seen map[string]bool) int {
	t.Helper()
	return inspect(typ, "", func(field string, typ reflect.Type) {
		seen[field] = true
		if !small[field] {
			t.Errorf("%s: %s is a %s; a history carries references, never data", name, field, typ)
		}
	}, nil)
}

// inspect tells of every field below a type that may hold data, and counts what
// it looked at.
func inspect(typ reflect.Type, field string, tell func(string, reflect.Type), in []reflect.Type) int {
	if slices.Contains(in, typ) || typ == reflect.TypeFor[time.Time]() {
		return 0
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return inspect(typ.Elem(), field, tell, in)
	case reflect.Struct:
		n := 0
		for i := range typ.NumField() {
			f := typ.Field(i)
			n += 1 + inspect(f.Type, typ.Name()+"."+f.Name, tell, append(in, typ))
		}
		return n
	case reflect.Slice, reflect.Array:
		switch typ.Elem().Kind() {
		case reflect.String, reflect.Struct:
			return inspect(typ.Elem(), field, tell, in)
		default:
			tell(field, typ)
			return 1
		}
	case reflect.Map:
		return inspect(typ.Elem(), field+"[]", tell, in)
	case reflect.Interface, reflect.Func, reflect.Chan:
		tell(field, typ)
	}
	return 1
}
