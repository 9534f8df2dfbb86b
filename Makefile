# Every target is explained by the comment beside it: `make help`.
SHELL := /usr/bin/env bash -o pipefail
GO ?= go
BIN := bin/throughline
# The race detector needs a C compiler; without one the tests run without it.
RACE := $(shell command -v $${CC:-cc} >/dev/null && echo -race)

# Packages without a goroutine: tens of thousands of generated histories, and nothing that could race. Those of the processor run
# again without the detector, four times as many.
PURE := /processor/(journey|identity)$$

.DEFAULT_GOAL := help
.PHONY: help run up build libchdb test lint generate check-generated bench fuzz clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

run: build ## Run everything on this machine with a simulated shop (needs Go and npm, nothing else)
	@$(BIN) libchdb >/dev/null
	@$(BIN) up --demo

up: build ## Run everything on this machine, empty, waiting for your touchpoints
	@$(BIN) libchdb >/dev/null
	@$(BIN) up

build: ## Build bin/throughline
	@$(GO) build -o $(BIN) .

libchdb: build ## Fetch the ClickHouse engine library (LIBCHDB may point to one that is there already)
	@$(BIN) libchdb

test: libchdb ## Run every test: unit and property ones under the race detector, black box on the embedded broker and engine
	$(GO) test $(RACE) -timeout 30m $$($(GO) list ./... | grep -vE '$(PURE)|/tests/')
	$(GO) test -timeout 30m ./processor $$($(GO) list ./... | grep -E '$(PURE)')
	$(GO) -C tests/manifests test -count=1 ./...
	$(GO) test -timeout 30m -p 1 ./tests/...

lint: ## gofmt, go vet, golangci-lint
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	"$$($(GO) -C .ci/tools tool -n golangci-lint)" run ./...
	$(GO) -C tests/manifests vet ./...

generate: ## Make generated files anew (needs protoc)
	$(GO) generate ./...

check-generated: generate ## Fail when a generated file is not current
	@git diff --exit-code -- '*.pb.go' dashboards || { echo 'generated files are not current: run make generate and commit'; exit 1; }

bench: libchdb ## Measure: prints each figure with its ratio to a baseline of the same run
	$(GO) run ./tests/bench

fuzz: ## Fuzz every decoder for FUZZTIME (10s)
	.ci/fuzz $(or $(FUZZTIME),10s)

clean: ## Remove what was built; data stays
	rm -rf bin
