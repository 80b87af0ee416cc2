SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/microvm-dev
DEMO := $(CACHE)/demo
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

export MICROVM_TEST_KERNEL_DIR ?= $(CACHE)/kernel
export MICROVM_TEST_INITRD ?= $(CURDIR)/bin/initrd
KERNEL := $(MICROVM_TEST_KERNEL_DIR)

# Debian's Nix comes without a daemon, build users or a sandbox that works, and
# nothing here needs a substituter.
define NIX_ALONE
build-users-group =
sandbox = false
substituters =
endef
ifeq ($(wildcard /nix/var/nix/daemon-socket/socket),)
demo test bench: export NIX_CONFIG := $(NIX_ALONE)
endif

# Of a git checkout Nix copies the files that git knows, else all of them.
SELF := $(if $(wildcard .git),git+file,path)://$(CURDIR)

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 8

deps: ## install what demo and test need (root on Debian, Ubuntu) or say what is missing
	@.ci/deps >/dev/null

build: ## bin/microvm, a static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/microvm ./cmd/microvm

$(KERNEL)/vmlinuz: deps ;

bin/initrd: $(shell find testscripts/guest -name '*.go') go.mod go.sum $(KERNEL)/vmlinuz
	mkdir -p $(@D)
	go run ./testscripts/guest/initrd -kernel-dir '$(KERNEL)' -o $@

demo: build bin/initrd ## boot a guest from a flake
	mkdir -p '$(DEMO)'
	cp examples/hello/flake.nix '$(DEMO)/flake.nix'
	cp "$$(ls '$(KERNEL)'/vmlinu[xz] | head -n 1)" '$(DEMO)/kernel'
	cp bin/initrd '$(DEMO)/initrd'
	bin/microvm run --override-input microvm '$(SELF)' 'path:$(DEMO)#hello'

test: bin/initrd ## all tests, real guests among them
	@.ci/test -race $(TESTFLAGS) ./...

bench: export MICROVM_BENCH_BINARY := $(CURDIR)/bin/microvm
bench: build bin/initrd ## the budgets of DESIGN.md, as ratios measured in one run
	go test -run '^$$' -bench . -benchtime 20x $(TESTFLAGS) ./cmd/microvm ./runner ./flake

lint: ## gofmt, vet (Linux, macOS), staticcheck, go.mod
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not gofmt'd:" $$unformatted; exit 1; }
	go vet ./...
	GOOS=darwin GOARCH=arm64 go vet ./...
	go tool staticcheck ./...
	go mod tidy -diff

fmt: ## gofmt
	gofmt -w .

clean: ## remove what was built; the kernel stays in the cache
	rm -rf bin '$(DEMO)'

.PHONY: help deps build demo test bench lint fmt clean
