# "make help" lists what can be made. CI runs "make ci", which is these same targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := $(CURDIR)/.build/bin
export PATH := $(BIN):$(PATH)

# AREA picks one area's tests (see scripts/areas), RACE=1 adds the race detector, TESTFLAGS goes to go test.
AREA ?=
RACE ?=
TESTFLAGS ?=

.PHONY: help run build prepare test screenshots bench memory faults race lint fmt check-fmt generate check-generated ci

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'
	@echo
	@echo "  make test AREA=…     where … is one of: $$(awk '!/^#/ && NF {print $$1}' scripts/areas | sort -u | tr '\n' ' ')"

run: ## serve the console with everything embedded (the first build takes minutes)
	go run ./standalone

build: ## compile every program into .build/bin
	go build -o $(BIN)/ ./cmd/... ./standalone

prepare: ## get or name what the tests need beside Go: PostgreSQL, Chromium, promtool
	scripts/prepare.sh

test: prepare ## run all tests of both modules (AREA=… one area's, RACE=1 with the race detector)
	AREA='$(AREA)' RACE='$(RACE)' TESTFLAGS='$(TESTFLAGS)' go run ./internal/pgtest/cmd/withpostgres scripts/test.sh

screenshots: prepare ## take the pictures of docs/screenshots anew
	OPSTRUTH_SCREENSHOTS='$(CURDIR)/docs/screenshots' go test -count=1 -run '^TestScreenshots$$' ./standalone/surfaces

bench: ## measure what has to stay cheap: truth, lists and counts on a million runs, beats, passes, a run's price (minutes)
	go test -run '^$$' -bench . -timeout 60m ./lifecycle ./models ./worker ./activities
	cd standalone && go test -run '^$$' -bench . -benchtime 5x -timeout 30m ./price

memory: ## measure what standalone uses when it is left alone for ten minutes (Linux)
	scripts/memory.sh

faults: ## run real processes under scripts of faults, and print what held (LONG=1 for 1,000 runs over 15 minutes, SEED=…)
	go run ./standalone/faults $(if $(LONG),-long) $(if $(SEED),-seed $(SEED)) $(if $(SCENARIO),-scenario $(SCENARIO))

race: ## run all tests with the race detector
	$(MAKE) test RACE=1

lint: $(BIN)/golangci-lint ## lint both modules
	golangci-lint config verify
	golangci-lint run ./...
	cd standalone && golangci-lint run --config ../.golangci.yml ./...

fmt: $(BIN)/golangci-lint $(BIN)/templ ## format Go and templ sources
	golangci-lint fmt ./...
	cd standalone && golangci-lint fmt --config ../.golangci.yml ./...
	templ fmt web

check-fmt: $(BIN)/golangci-lint $(BIN)/templ ## fail when a source is not formatted
	golangci-lint fmt --diff ./...
	cd standalone && golangci-lint fmt --config ../.golangci.yml --diff ./...
	templ fmt -fail web

generate: $(BIN)/templ ## write the generated sources anew
	cd web/ui && templ generate
	GOWORK=off go generate ./...

check-generated: ## fail when the generated sources are not what make generate writes
	scripts/check-generated.sh

ci: prepare check-fmt check-generated lint race ## everything that must pass

# The tools are pinned in tools/go.mod, apart from the program's own dependencies.
$(BIN)/templ: tools/go.mod
	GOBIN=$(BIN) GOWORK=off go -C tools install github.com/a-h/templ/cmd/templ
$(BIN)/golangci-lint: tools/go.mod
	GOBIN=$(BIN) GOWORK=off go -C tools install github.com/golangci/golangci-lint/v2/cmd/golangci-lint
