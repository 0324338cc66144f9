package gristmill_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// The plan of the house (docs/architecture.md), as tables. The tests parse the
// sources in this process: what a child process reads is unknown to the test
// cache, so a breach would pass as cached.

const module = "gristmill"

const domain = "dataset tracking registry serving monitoring rag agent"

// floors says which rooms a room may look into; "." is the root package.
var floors = map[string]string{
	".":          "",
	"ml":         "",
	"dataset":    ". ml",
	"tracking":   ". ml",
	"registry":   ". ml",
	"serving":    ". ml",
	"monitoring": ". ml",
	"rag":        ". ml",
	"agent":      ". ml",
	"pipeline":   ". ml " + domain,
	"store":      ". ml " + domain,
	"activities": ". ml pipeline " + domain,
	"workflows":  ". activities pipeline " + domain,
	"worker":     ". workflows activities",
	"web":        ". ml pipeline workflows " + domain,
	"client":     ". ml " + domain,
	"embedded":   ".",
	"cmd":        ". ml pipeline store activities workflows worker web client embedded " + domain,
	"test":       "client",
}

// exceptions are edges that the plan has not, each with its reason. More than
// three mean that the rooms are cut wrongly.
var exceptions = map[string]string{
	"store -> pipeline":  "applied specs are remembered like everything else, behind pipeline.Store",
	"client -> pipeline": "a run's request and result are the pipeline's words, on the wire too",
	"worker -> pipeline": "the names of the task queues are part of a plan",
}

// guests says where an import from outside may live.
var guests = map[string]string{
	"github.com/jackc/pgx":   "store/postgres",
	"go.temporal.io/sdk":     "workflows activities worker cmd",
	"go.temporal.io/api":     "workflows activities worker cmd embedded",
	"go.temporal.io/server":  "embedded",
	"github.com/temporalio":  "embedded",
	"github.com/versity":     "embedded",
	"github.com/minio":       "store/blob",
	"github.com/spf13/cobra": "cmd",
	"gorgonia.org":           "ml/gorgonia",
	"gopkg.in/yaml.v3":       "pipeline cmd",
	"flag":                   "cmd",
	"github.com/parquet-go":  "ml/frame/parquet",
	"github.com/prometheus":  "web worker cmd",
	"golang.org/x/text":      "dataset/charset",
	"net/http":               "web client cmd embedded store/blob dataset/remote",
	// codecs of files and of what the parquet reader unpacks
	"github.com/klauspost/compress": "dataset ml/frame/parquet",
	"github.com/andybalholm/brotli": "ml/frame/parquet",
	"github.com/pierrec/lz4":        "ml/frame/parquet",
}

// banned are names that say nothing about what a package does.
var banned = strings.Fields("util utils common helper helpers shared base misc types manager")

// limits of a package on the lower floors.
const (
	maxLines        = 800
	reasonLines     = 600
	maxFiles        = 15
	maxPackageLines = 2500
	maxMethods      = 5
	maxRootLines    = 400
)

// source is one parsed Go file that is not a test.
type source struct {
	path  string
	file  *ast.File
	fset  *token.FileSet
	lines int
	text  string
}

func (s source) dir() string     { return path.Dir(s.path) }
func (s source) room() string    { r, _, _ := strings.Cut(s.dir(), "/"); return r }
func (s source) generated() bool { return ast.IsGenerated(s.file) }

// readHouse parses every Go file below root but tests and testdata.
func readHouse(t testing.TB, root fs.FS) []source {
	t.Helper()
	var list []source
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "node_modules"}, d.Name())) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		b, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, p, b, parser.ParseComments)
		if err != nil {
			return err
		}
		list = append(list, source{p, f, fset, strings.Count(string(b), "\n"), string(b)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// within reports whether name is prefix or lies below it.
func within(name, prefix string) bool { return name == prefix || strings.HasPrefix(name, prefix+"/") }

func floorBreaches(list []source) (out []string) {
	for _, s := range list {
		allowed, known := floors[s.room()]
		if !known {
			out = append(out, fmt.Sprintf("%s: room %q is on no floor", s.path, s.room()))
			continue
		}
		for _, spec := range s.file.Imports {
			imp := strings.Trim(spec.Path.Value, `"`)
			sub, ours := strings.CutPrefix(imp, module+"/")
			if imp == module {
				sub, ours = ".", true
			}
			if !ours {
				continue
			}
			to, _, _ := strings.Cut(sub, "/")
			edge := s.room() + " -> " + to
			if to != s.room() && !slices.Contains(strings.Fields(allowed), to) && exceptions[edge] == "" {
				out = append(out, fmt.Sprintf("%s imports %s: %s may not look into %s", s.path, imp, s.room(), to))
			}
			if s.room() == "ml" && strings.HasPrefix(sub, "ml/gorgonia") && s.dir() != "ml/gorgonia" {
				out = append(out, fmt.Sprintf("%s imports %s: ml does not depend on the twins", s.path, imp))
			}
		}
	}
	return out
}

func guestBreaches(list []source) (out []string) {
	for _, s := range list {
		for _, spec := range s.file.Imports {
			imp := strings.Trim(spec.Path.Value, `"`)
			for guest, hosts := range guests {
				if !within(imp, guest) || within(s.dir(), "test") {
					continue
				}
				if !slices.ContainsFunc(strings.Fields(hosts), func(h string) bool { return within(s.dir(), h) }) {
					out = append(out, fmt.Sprintf("%s imports %s: only %s may", s.path, imp, hosts))
				}
			}
		}
		if s.room() == "cmd" || s.room() == "test" {
			continue
		}
		for _, word := range []string{"os.Getenv(", "os.LookupEnv(", "slog.SetDefault("} {
			if strings.Contains(s.text, word) {
				out = append(out, fmt.Sprintf("%s calls %s...): only cmd may", s.path, word))
			}
		}
	}
	return out
}

func sizeBreaches(list []source) (out []string) {
	type size struct{ files, lines int }
	packages := map[string]size{}
	root := 0
	for _, s := range list {
		if s.generated() {
			continue
		}
		if s.lines > maxLines {
			out = append(out, fmt.Sprintf("%s: %d lines, at most %d are allowed; split it by noun", s.path, s.lines, maxLines))
		} else if s.lines > reasonLines && (len(s.file.Comments) == 0 || !strings.Contains(s.file.Comments[0].Text(), "lines")) {
			out = append(out, fmt.Sprintf("%s: %d lines; over %d wants its reason in the first comment", s.path, s.lines, reasonLines))
		}
		if s.room() == "." {
			root += s.lines
		}
		if strings.Contains(" . ml pipeline "+domain+" ", " "+s.room()+" ") {
			p := packages[s.dir()]
			packages[s.dir()] = size{p.files + 1, p.lines + s.lines}
		}
		out = append(out, largeInterfaces(s)...)
	}
	for dir, p := range packages {
		if p.files > maxFiles || p.lines > maxPackageLines {
			out = append(out, fmt.Sprintf("%s: %d files and %d lines; a package of the lower floors has at most %d and %d", dir, p.files, p.lines, maxFiles, maxPackageLines))
		}
	}
	if root > maxRootLines {
		out = append(out, fmt.Sprintf("the root package has %d lines, at most %d are allowed: it is no attic", root, maxRootLines))
	}
	return out
}

// largeInterfaces finds interfaces of more than maxMethods methods of their own;
// a store may be larger as a sum of roles.
func largeInterfaces(s source) (out []string) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		it, ok := spec.Type.(*ast.InterfaceType)
		if !ok {
			return true
		}
		own := 0
		for _, m := range it.Methods.List {
			own += len(m.Names)
		}
		limit := maxMethods
		if strings.HasSuffix(s.path, "store.go") {
			limit = 7 // a role of a store
		}
		if own > limit {
			out = append(out, fmt.Sprintf("%s: interface %s has %d methods, at most %d are allowed", s.path, spec.Name.Name, own, limit))
		}
		return true
	})
	return out
}

func nameBreaches(list []source) (out []string) {
	for _, s := range list {
		name := s.file.Name.Name
		if slices.Contains(banned, name) || slices.Contains(banned, strings.TrimSuffix(path.Base(s.path), ".go")) {
			out = append(out, fmt.Sprintf("%s: package or file named %q: name it by what it does", s.path, name))
		}
		if want := path.Base(s.dir()); s.dir() != "." && name != want && name != "main" {
			out = append(out, fmt.Sprintf("%s: package %s in directory %s", s.path, name, want))
		}
		for _, d := range s.file.Decls {
			out = append(out, unexplained(s, d)...)
		}
	}
	return out
}

// unexplained finds exported names without a comment.
func unexplained(s source, d ast.Decl) (out []string) {
	if s.generated() || s.room() == "cmd" || s.room() == "test" {
		return nil
	}
	miss := func(pos token.Pos, name string) {
		out = append(out, fmt.Sprintf("%s: exported %s has no comment", s.fset.Position(pos), name))
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || exportedReceiver(d)) {
			miss(d.Pos(), d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.IsExported() && ts.Doc == nil && d.Doc == nil {
				miss(ts.Pos(), ts.Name.Name)
			}
		}
	}
	return out
}

func exportedReceiver(d *ast.FuncDecl) bool {
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if index, ok := t.(*ast.IndexExpr); ok {
		t = index.X
	}
	id, ok := t.(*ast.Ident)
	return ok && id.IsExported()
}

func commentBreaches(list []source) (out []string) {
	documented := map[string]bool{}
	for _, s := range list {
		documented[s.dir()] = documented[s.dir()] || s.file.Doc != nil || s.generated()
	}
	for dir, ok := range documented {
		if !ok {
			out = append(out, dir+": no package comment")
		}
	}
	return out
}

func report(t *testing.T, breaches []string) {
	t.Helper()
	slices.Sort(breaches)
	for _, b := range breaches {
		t.Error(b)
	}
}

func TestHouseFloors(t *testing.T) {
	report(t, floorBreaches(readHouse(t, os.DirFS("."))))
	if len(exceptions) > 3 {
		t.Errorf("%d exceptions to the floors; more than 3 mean that the rooms are cut wrongly", len(exceptions))
	}
}

func TestHouseGuests(t *testing.T)   { report(t, guestBreaches(readHouse(t, os.DirFS(".")))) }
func TestHouseSizes(t *testing.T)    { report(t, sizeBreaches(readHouse(t, os.DirFS(".")))) }
func TestHouseNames(t *testing.T)    { report(t, nameBreaches(readHouse(t, os.DirFS(".")))) }
func TestHouseComments(t *testing.T) { report(t, commentBreaches(readHouse(t, os.DirFS(".")))) }

// TestHouseFindsPlantedBreaches proves that the tests above can fail: a house
// with one breach of each kind, in testdata, must be refused for each.
func TestHouseFindsPlantedBreaches(t *testing.T) {
	list := readHouse(t, os.DirFS("testdata/house"))
	for _, c := range []struct {
		name   string
		find   func([]source) []string
		expect string
	}{
		{"a bedroom looks into its sibling", floorBreaches, "tracking/sibling.go imports gristmill/registry: tracking may not look into registry"},
		{"a room on no floor", floorBreaches, `cellar/cellar.go: room "cellar" is on no floor`},
		{"the ground looks up", floorBreaches, "ml/up.go imports gristmill/tracking: ml may not look into tracking"},
		{"the root is a room too", floorBreaches, "ml/up.go imports gristmill: ml may not look into ."},
		{"a guest in the wrong room", guestBreaches, "web/guest.go imports github.com/jackc/pgx/v5: only store/postgres may"},
		{"a guest beside its room", guestBreaches, "dataset/http.go imports net/http: only web client cmd embedded store/blob dataset/remote may"},
		{"a codec in the wrong room", guestBreaches, "dataset/http.go imports github.com/andybalholm/brotli: only ml/frame/parquet may"},
		{"the environment outside cmd", guestBreaches, "tracking/sibling.go calls os.Getenv(...): only cmd may"},
		{"an interface too large", sizeBreaches, "tracking/sibling.go: interface Fat has 6 methods, at most 5 are allowed"},
		{"a banned name", nameBreaches, `web/util/util.go: package or file named "util": name it by what it does`},
		{"an exported name without a comment", nameBreaches, "tracking/sibling.go:12:6: exported Fat has no comment"},
		{"a package without a comment", commentBreaches, "cellar: no package comment"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.find(list); !slices.Contains(got, c.expect) {
				t.Errorf("the breach was not found\nwant %s\ngot  %s", c.expect, strings.Join(got, "\n     "))
			}
		})
	}
}

func TestHouseFindsLongFiles(t *testing.T) {
	list := readHouse(t, os.DirFS("testdata/house"))
	for i := range list {
		if list[i].path == "ml/up.go" {
			list[i].lines = maxLines + 1
		}
	}
	want := "ml/up.go: 801 lines, at most 800 are allowed; split it by noun"
	if got := sizeBreaches(list); !slices.Contains(got, want) {
		t.Errorf("got %v, want %s", got, want)
	}
}
