# Targets for people; `make help` lists them. State of the demo is in .gristmill,
# tools that are built once are in .tools; git ignores both.
SHELL := /bin/bash
.DEFAULT_GOAL := help

GO      ?= go
TOOLS   := $(CURDIR)/.tools
VENV    := $(TOOLS)/venv
ARGS    ?=
FUZZTIME ?= 60s

WORKFLOWCHECK := go.temporal.io/sdk/contrib/tools/workflowcheck@v0.6.0
GOLANGCI      := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
SQLC          := github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1
TEMPORAL      := github.com/temporalio/cli/cmd/temporal@v1.5.1

# Packages that link the embedded Temporal server; it is compiled once, without
# the race detector.
HEAVY := gristmill/embedded gristmill/cmd gristmill/test

.PHONY: help demo test cover check lint fmt race build lean bench bench-data interop e2e fuzz tools postgres clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: postgres build ## start the stack, train two models on real data, ask them for predictions, stay up
	@.tools/bin/gristmill demo $(ARGS)

test: postgres ## unit, store, workflow and API tests, and the real binary end to end
	$(GO) vet ./...
	$(GO) test $(ARGS) ./...

ROOMS := ./dataset/... ./tracking ./registry ./serving ./pipeline/... ./ml/...
cover: postgres ## statement coverage by the tests of these rooms; each package must reach 80 %
	@mkdir -p $(TOOLS)
	@$(GO) test -coverpkg=$$(echo $(ROOMS) | tr ' ' ',') -coverprofile=$(TOOLS)/cover.out $(ROOMS) >/dev/null
	@awk -F'[: ]' 'NR > 1 { n[$$1 ":" $$2] = $$3; if ($$4 > 0) hit[$$1 ":" $$2] = 1 } \
	  END { for (b in n) { pkg = b; sub("/[^/]*$$", "", pkg); all[pkg] += n[b]; if (b in hit) got[pkg] += n[b] } \
	        for (p in all) { share = 100 * got[p] / all[p]; printf "%5.1f %%  %s\n", share, p; if (share < 80 && p !~ /test$$/) bad = 1 } exit bad }' $(TOOLS)/cover.out

build: ## build .tools/bin/gristmill with everything embedded (minutes the first time)
	@mkdir -p $(TOOLS)/bin
	@$(GO) list -f '{{.Stale}}' ./embedded/temporal | grep -q true && echo "building; the first time the embedded Temporal server takes some minutes" || true
	@( while sleep 20; do echo "  … still building ($$(date +%T))"; done ) & dots=$$!; \
	  $(GO) build -o $(TOOLS)/bin/gristmill ./cmd/gristmill; status=$$?; kill $$dots 2>/dev/null; wait $$dots 2>/dev/null; exit $$status

lean: ## build .tools/bin/gristmill-lean without the embedded servers
	@mkdir -p $(TOOLS)/bin
	$(GO) build -tags lean -ldflags '-s -w' -o $(TOOLS)/bin/gristmill-lean ./cmd/gristmill

check: lint test ## everything that a commit must pass, without the slow suites

lint: $(TOOLS)/bin/golangci-lint $(TOOLS)/bin/workflowcheck $(TOOLS)/bin/sqlc ## formatting, linters, determinism of the workflows, drift of generated code
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run make fmt"; exit 1; }
	$(GO) mod tidy -diff
	$(TOOLS)/bin/workflowcheck -config workflows/workflowcheck.yaml ./workflows/...
	cd store/postgres/internal/sqlc && $(TOOLS)/bin/sqlc diff
	$(TOOLS)/bin/golangci-lint run

fmt: ## format the sources
	gofmt -w $$(git ls-files '*.go')

race: postgres ## the race detector, on everything that does not link the Temporal server
	$(GO) test -race $$($(GO) list ./... | grep -vE "^($$(echo $(HEAVY) | tr ' ' '|'))(/|$$)")

e2e: postgres ## the real binary, from a person's view
	$(GO) test -count=1 -v ./test/e2e/...

interop: postgres build $(TOOLS)/bin/temporal $(VENV)/done ## foreign clients: scikit-learn's numbers, the stock temporal CLI, numpy reads the model package
	GRISTMILL_PYTHON=$(VENV)/bin/python GRISTMILL_TEMPORAL=$(TOOLS)/bin/temporal GRISTMILL_BINARY=$(TOOLS)/bin/gristmill \
	  $(GO) test -count=1 -timeout 25m -tags interop ./test/interop/...

bench: ## Go benchmarks of the numeric and storage rooms
	$(GO) test -run '^$$' -bench . -benchmem ./ml/... ./store/postgres/...

bench-data: $(TOOLS)/bench/done ## CSV, Parquet and profile beside pandas, pyarrow and DuckDB
	GRISTMILL_PYTHON=$(TOOLS)/bench/bin/python $(GO) test -count=1 -v -tags bench -run TestPeers -timeout 30m ./test/bench/data

$(TOOLS)/bench/done: test/bench/requirements.txt
	python3 -m venv $(TOOLS)/bench
	$(TOOLS)/bench/bin/pip install --quiet --disable-pip-version-check -r test/bench/requirements.txt
	touch $@

FUZZ := FuzzParse:./pipeline FuzzParse:./ml/prep FuzzDecode:./ml/prep FuzzRead:./ml/frame/csv FuzzFloat:./ml/frame/csv/decimal FuzzTimeFormat:./ml/frame FuzzRead:./ml/frame/parquet FuzzWrite:./pipeline/starter FuzzDecodeSource:./dataset FuzzNewReader:./dataset/charset
fuzz: ## a minute of each fuzz target, from the corpora kept in testdata/fuzz; FUZZTIME=10s for less
	@set -e; for dir in $$(grep -rlE --include='*_test.go' --exclude-dir='.*' '^func Fuzz' * | xargs -n1 dirname | sort -u); do \
	  for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go | cut -c6-); do \
	    echo "$$dir $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) ./$$dir; \
	  done; done

tools: $(TOOLS)/bin/golangci-lint $(TOOLS)/bin/workflowcheck $(TOOLS)/bin/sqlc $(TOOLS)/bin/temporal ## build the tools that the other targets use

$(TOOLS)/bin/golangci-lint:
	GOBIN=$(TOOLS)/bin $(GO) install $(GOLANGCI)
$(TOOLS)/bin/workflowcheck:
	GOBIN=$(TOOLS)/bin $(GO) install $(WORKFLOWCHECK)
$(TOOLS)/bin/sqlc:
	CGO_ENABLED=0 GOBIN=$(TOOLS)/bin $(GO) install $(SQLC)
$(TOOLS)/bin/temporal:
	GOBIN=$(TOOLS)/bin $(GO) install $(TEMPORAL)

$(VENV)/done: test/interop/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r test/interop/requirements.txt
	touch $@

# PostgreSQL's binaries are the one thing that the platform takes from the
# machine. As root they are installed where apt is; otherwise we say how.
postgres:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing PostgreSQL's binaries with apt (no system cluster is started)"; \
	    mkdir -p /etc/postgresql-common && printf 'create_main_cluster = false\n' > /etc/postgresql-common/createcluster.conf; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null; \
	  else \
	    echo "PostgreSQL's binaries are missing; install them with: sudo apt-get install postgresql   (macOS: brew install postgresql@15)"; exit 1; \
	  fi; }

clean: ## remove the tools and the demo's state
	rm -rf $(TOOLS) .gristmill
