# servebench: `make` lists what there is to do.
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
GO          ?= go
GOTEST      := $(GO) tool gotestsum --format pkgname-and-test-fails
# The commit is stamped wherever git works here, also where GOFLAGS keeps go build from asking it.
STAMP       := $(shell git status --porcelain >/dev/null 2>&1 && echo -buildvcs=auto)
BUILDFLAGS  := -trimpath $(STAMP) -ldflags '-s -w'
# The comparison with other load generators is a module, and so are they: what they
# are built from enters neither this module nor that of the comparison.
PEERS       := scenarios/attack/peers
FUZZTIME    ?= 10s
export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help
.PHONY: help build setup python node kubernetes kubernetes-down bench peers bench-peers prove test test-kubernetes race check lint golden fuzz clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build every program into bin/, all static
	@mkdir -p bin
	$(GO) build $(BUILDFLAGS) -o bin/ ./cmd/...

setup: ## Install what the targets need and is missing; fails when something stays missing
	@.setup/install

python: ## Install the Python clients and servers that tests run (1.4 GB, in the cache folder)
	@.setup/python

node: ## Install the server for Node.js that tests run (14 MB, in the cache folder)
	@.setup/node

kubernetes: ## Start a Kubernetes of one node on this machine (Linux, as root; the first time builds it, 10 minutes)
	@.setup/kubernetes up

kubernetes-down: ## End that Kubernetes; nothing of it stays but the program, in the cache folder
	@.setup/kubernetes down

bench: build ## Set up, then compare the targets that can run here; leaves runs/<id>/
	@.setup/install || { code=$$?; [ $$code -ne 130 ] || exit $$code; \
	  echo 'setup: going on without what is missing; bin/servebench doctor says more'; }
	bin/servebench run compare

peers: ## Build the load generators that servebench is compared with, into bin/peers/
	@mkdir -p bin/peers
	$(GO) build -C $(PEERS)/tools $(BUILDFLAGS) -o $(CURDIR)/bin/peers/ tool
	$(GO) build -C $(PEERS) $(BUILDFLAGS) -o $(CURDIR)/bin/benchpeers .

bench-peers: build peers ## Compare servebench with other load generators, BENCHPEERS are flags for it; leaves bench/peers-<date>/
	bin/benchpeers $(BENCHPEERS)

prove: build ## Simulate how often the verdict of an A/B test is wrong; fails when a goal is missed
	bin/servebench prove

test: ## Run every test that can run here; names what was skipped and why
	$(GOTEST) -- -timeout 50m ./...
	$(GOTEST) --raw-command -- $(GO) test -C $(PEERS) -json ./...

test-kubernetes: ## Run the tests that need a Kubernetes, on the one of make kubernetes
	@# One package after the other, since some tests drain the node or break it otherwise, and
	@# one script after the other, since they measure.
	@code=0; \
	$(GOTEST) -- -count 1 -p 1 -parallel 4 -timeout 20m -run Kubernetes ./targets/kubernetes/... || code=$$?; \
	$(GOTEST) -- -count 1 -parallel 1 -timeout 8m -run 'Kubernetes|TestScripts/kubernetes' ./cmd/servebench || code=$$?; \
	exit $$code

race: ## Run the tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GOTEST) -- -race -short ./...
	CGO_ENABLED=1 $(GO) -C $(PEERS) test -race -short ./...

check: lint ## Everything that is wrong without running it: format, vet, staticcheck, go.mod
	$(GO) mod verify
	$(GO) mod tidy -diff
	$(GO) -C $(PEERS) mod tidy -diff
	$(GO) -C $(PEERS)/tools mod tidy -diff
	$(GO) -C .setup/kube mod tidy -diff
	$(GO) build ./...

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l .setup cmd generators reports scenarios targets); \
	  if [ -n "$$unformatted" ]; then echo "not gofmt-ed:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) -C $(PEERS) vet ./...
	staticcheck=$$($(GO) tool -n staticcheck) && cd $(PEERS) && $$staticcheck ./...

golden: ## Write the golden files anew; look at the difference before committing it
	@grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n1 dirname | sort -u | \
	  while read -r dir; do $(GO) -C "$$dir" test . -update; done

fuzz: ## Fuzz every parser of outside bytes, FUZZTIME each (default 10s)
	@grep -r --include='*_test.go' '^func Fuzz' . | sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | \
	  while read -r dir name; do \
	    echo "== $$dir $$name"; \
	    $(GO) -C "$$dir" test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x; \
	  done

clean: ## Remove what was built; runs/ and bench/ stay
	rm -rf bin
