# make demo   a sealed daemon works, misbehaves and dies, before your eyes
# make test   every test, on amd64 also as 386 programs on the same kernel
# make check  format, vet, staticcheck, tidy modules, fresh generated files
# make bench  figures beside the peers', in one run
# make cross  vet and tests built for every GOARCH of Linux with seccomp filters
# make test-kernels     the programs on real kernels of other architectures, under emulation
# make cost   what filters cost on each architecture, ours and the peers', in instructions
# make peers  the peers' programs as files, from the peers
# make test-other-go    what meets the Go runtime, built by the other supported release
# make runtime-baseline measures the Go runtime anew: every level, both releases
# make race, make generate, make tables
# make attack, oracle, accept, fuzz, cover, mutants, ...  hunt for mistakes, and keep a record

export CGO_ENABLED ?= 0
GO ?= go

# Modules of their own, which may require more than the library does.
modules := examples/daemon examples/privileges examples/servers bench e2e goruntime/measure

# The same kernel runs 32-bit programs: these packages are tested as such too.
native := $(shell $(GO) env GOARCH)
packages386 := ./arch ./filter ./goruntime/... ./install ./internal/emit/everything ./internal/proto ./internal/rule ./policy/... ./vm

.PHONY: demo test test-386 cross test-kernels test-other-go runtime-baseline race bench check generate tables
.PHONY: attack oracle accept fuzz reproduce vulnerabilities cover mutants cost peers

demo:
	cd examples/daemon && $(GO) run ./demo

test:
	$(GO) test ./...
	$(MAKE) test-386
	for dir in $(modules); do (cd $$dir && $(GO) test -count=1 ./...) || exit 1; done

test-386:
ifeq ($(native),amd64)
	GOARCH=386 $(GO) test -short $(packages386)
else
	@echo "skip: $(native) does not run 386 programs"
endif

# What users import is built for all of them, its tests too; programs for Go that
# never ran on one are behind a build tag there.
goarchs := 386 amd64 arm arm64 loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x
public  := ./arch ./filter ./goruntime ./install ./policy/... ./vm

cross:
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && for goarch in $(goarchs); do \
		echo "GOARCH=$$goarch go vet ./... && go test -c" && \
		GOARCH=$$goarch $(GO) vet ./... && \
		GOARCH=$$goarch $(GO) vet -tags tileseal_experimental $(public) ./goruntime/... ./internal/policytest/... && \
		GOARCH=$$goarch $(GO) test -c -o "$$dir/" -tags tileseal_experimental $(public) || exit 1; \
	done

# Kernels under QEMU, each running our tests: the usual four in full (a quarter of
# an hour of two processors), with KERNELS=-short in the form that CI runs. The
# rest, and what puts the results into README.md and docs/trust.md:
#   KERNELS="-target all -build-kernels -record"   all there are, some hours in full, an hour with -short
#   KERNELS="-package go -target arm64 -record"    the programs for tiles in Go
# What is not to be had is skipped, and said.
KERNELS =

test-kernels:
	$(GO) run ./internal/kernels -parallel 2 $(KERNELS)

# What a filter costs on each architecture: the guests' clock counts instructions,
# so the figures are the same on every machine. docs/trust/cost.json keeps them.
COST =

cost:
	$(GO) run ./internal/kernels -cost $(COST)

# The programs that libseccomp and gVisor make of the policies measured there, as
# files, for there is no C compiler in a guest. Needs libseccomp-dev and a C compiler.
peers:
	cd bench && CGO_ENABLED=1 $(GO) run -tags libseccomp . -peers ../testdata/performance

# The Go release there is a baseline for beside the one in use. The go command
# fetches it through the module proxy, which may not be there.
OTHER_GO = go1.27.4

test-other-go:
	@if GOTOOLCHAIN=$(OTHER_GO) $(GO) version; then \
		GOTOOLCHAIN=$(OTHER_GO) $(GO) test -short ./goruntime/... ./install ./policy/gotile; \
	else \
		echo "skip: $(OTHER_GO) cannot be had here"; \
	fi

# runtime-baseline runs every level for a minute on amd64 and 386 with each release,
# records what it lacks, and takes out each of its rules: some hours. Its short form
# is one of the tests.
runtime-baseline:
	cd goruntime/measure && $(GO) run . -go go1.26.8,$(OTHER_GO) -for 60s -o ../baseline/measured

# The race detector needs cgo and a C compiler.
race:
	CGO_ENABLED=1 $(GO) test -race -short ./...

# cover fails if it is less than 95 % of a package, or if a block that does not
# run is not explained in internal/cover/explained.txt.
cover:
	$(GO) run ./internal/cover

# bench measures our programs beside the peers', in bench/, a module of its own
# (half a minute). With libseccomp's headers (Debian: libseccomp-dev) and a C
# compiler libseccomp takes part; without, its rows say why it does not.
# More: make bench BENCHFLAGS="-short", BENCHFLAGS="-json bench.json".
libseccomp := $(shell pkg-config --exists libseccomp 2>/dev/null && echo yes)

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./install ./internal/prove ./policy ./vm
ifeq ($(libseccomp),yes)
	cd bench && CGO_ENABLED=1 $(GO) run -tags libseccomp . $(BENCHFLAGS)
else
	cd bench && $(GO) run . $(BENCHFLAGS)
endif

check:
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./... ./install/testdata/child ./install/testdata/attack ./testdata/sigsys/child ./internal/emit/everything/testdata/child
	GOOS=darwin $(GO) vet ./arch ./cmd/... ./goruntime ./install ./vm
	$(GO) tool -modfile=tools/go.mod staticcheck ./...
	$(GO) mod tidy -diff
	for dir in $(modules); do (cd $$dir && $(GO) vet ./... && $(GO) mod tidy -diff) || exit 1; done
	@find . -name '*.seccomppolicy' -not -path '*/testdata/*' | xargs $(GO) run ./cmd/tileseal fmt -l
	$(GO) test -run 'TestFresh|TestImports|TestPolicyImports' ./cmd/tileseal ./internal

# What hunts for mistakes longer than make test does. Each keeps what it showed in
# docs/trust, of which docs/trust.md is made; hours for all of them.
#   attack     the installer's attacks, with 10,000 installs among threads that are born and die
#   oracle     a million random calls for every prebuilt program, in the kernel and in package vm
#   accept     a million random programs, for seccomp(2) and for package vm
#   fuzz       each fuzz target for FUZZTIME
#   reproduce  generated files, the kernel's tables (network) and the command, byte for byte
#   vulnerabilities  govulncheck (network)
FUZZTIME ?= 60s

attack oracle accept fuzz reproduce vulnerabilities:
	$(GO) run ./internal/hunts -fuzztime $(FUZZTIME) $@

# mutants tries every change of one token in the packages that a wrong program or a
# missing filter would come from, and writes docs/trust/mutants.json: an hour the
# first time; what has a verdict is not tried again. MUTANTS="-package vm" for one.
MUTANTS =

mutants:
	$(GO) run ./internal/mutants $(MUTANTS)

generate:
	$(GO) generate ./...
	for dir in $(modules); do (cd $$dir && $(GO) generate ./...) || exit 1; done

# tables rewrites arch/z*.go, internal/proto/z*.go and internal/cconst/z*.go from
# the kernel sources that internal/mktables/pinned names and from golang.org/x/sys.
# It needs the network (320 MB), apt-get, dpkg-deb and a C compiler; make test
# does not run it. It also holds the kernel's headers to golang.org/x/sys. With
# TABLES=-check nothing is written, and a difference is an error.
TABLES =

tables:
	dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	internal/mktables/fetch-linux new "$$dir/new" && \
	internal/mktables/fetch-linux old "$$dir/old" && \
	go run ./internal/mktables $(TABLES) -linux "$$dir/new" -old "$$dir/old" -sys "$$(go list -m -f '{{.Dir}}' golang.org/x/sys)" && \
	LINUX="$$dir/new" go test -run TestHeadersAgree ./internal/mktables
