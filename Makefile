# make demo   a sealed daemon works, misbehaves and dies, before your eyes
# make test   every test, on amd64 also as 386 programs on the same kernel
# make check  format, vet, staticcheck, tidy modules, fresh generated files

export CGO_ENABLED ?= 0
GO ?= go

# The same kernel runs 32-bit programs: these packages are tested as such too.
native := $(shell $(GO) env GOARCH)
packages386 := ./arch ./goruntime/... ./install ./internal/emit/everything ./internal/proto ./internal/rule ./policy/... ./vm

.PHONY: demo test test-386 race bench check generate tables fuzz

demo:
	cd examples/daemon && $(GO) run ./demo

test:
	$(GO) test ./...
	$(MAKE) test-386
	cd examples/daemon && $(GO) test ./...

test-386:
ifeq ($(native),amd64)
	GOARCH=386 $(GO) test -short $(packages386)
else
	@echo "skip: $(native) does not run 386 programs"
endif

# The race detector needs cgo and a C compiler.
race:
	CGO_ENABLED=1 $(GO) test -race -short ./...

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./policy ./vm

check:
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	GOARCH=386 $(GO) vet ./...
	GOARCH=arm64 $(GO) vet ./...
	GOOS=darwin $(GO) vet ./arch ./cmd/... ./goruntime ./install ./vm
	$(GO) tool -modfile=tools/go.mod staticcheck ./...
	$(GO) mod tidy -diff
	cd examples/daemon && $(GO) vet ./... && $(GO) mod tidy -diff
	$(GO) test -run 'TestFresh|TestImports|TestPolicyImports' ./cmd/tileseal ./internal

generate:
	$(GO) generate ./...
	cd examples/daemon && $(GO) generate ./...

# The kernel the tables of system calls are made from: a Debian suite and the
# version of its package linux-source. Nothing else names it.
LINUX_SUITE   = sid
LINUX_VERSION = 7.2.13-1

# tables rewrites arch/z*.go, internal/proto/z*.go and internal/cconst/z*.go.
# It needs the network (190 MB), apt-get and dpkg-deb; make test does not run it.
tables:
	dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	internal/mktables/fetch-linux $(LINUX_SUITE) $(LINUX_VERSION) "$$dir" && \
	go run ./internal/mktables -linux "$$dir" -sys "$$(go list -m -f '{{.Dir}}' golang.org/x/sys)"
