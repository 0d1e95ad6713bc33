//go:build linux

// Command measure holds the baselines of the Go runtime against what programs
// built by Go releases really call. For each release, GOARCH and level it runs a
// stress program
//
//   - sealed by the level's policy, which must let it live;
//   - under the same policy with a recorder in place of the kill, which must have
//     nothing to list: what it lists is missing from the level;
//   - under the policy less one row, for each row in turn, which shows the row to
//     be needed if the program dies.
//
// Usage, in this directory:
//
//	go run . [-go go1.26.8,go1.27.4] [-goarch amd64,386] [-level core,...] [-for 60s] [-o DIR]
//
// It prints a table of the runs. With -o it writes DIR/go1.26.json and so on, the
// rows of every level with the evidence there is for them, and DIR/README.md; with
// -level besides it replaces the rows of these levels in the files. The
// results in ../baseline/measured are those of the baselines as they are; a test of
// this module fails if the two differ. Releases that are not installed are fetched
// by the go command. The status is 1 if a baseline did not hold.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tileseal/tileseal/goruntime/baseline"
	"golang.org/x/sys/unix"
)

// errDrift says that a baseline did not hold.
var errDrift = errors.New("a baseline does not hold; see above")

func main() {
	err := command(os.Stdout, os.Stderr, os.Args[1:])
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "measure:", err)
		}
		if errors.Is(err, errDrift) {
			os.Exit(1)
		}
		os.Exit(2)
	}
}

// An order is what the command line asks for.
type order struct {
	levels          []string // nil: all
	length, removal time.Duration
	dir             string // for the programs
	log             io.Writer
}

func command(stdout, stderr io.Writer, args []string) error {
	own, err := native()
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet("measure", flag.ContinueOnError)
	flags.SetOutput(stderr)
	releases := flags.String("go", string(own), "Go `releases` to build with, separated by commas")
	archs := flags.String("goarch", strings.Join(here(), ","), "`GOARCHs` to build for, separated by commas")
	levels := flags.String("level", "", "`levels` to measure, separated by commas; none: all")
	length := flags.Duration("for", 60*time.Second, "length of a run")
	removal := flags.Duration("removal", 2*time.Second, "length of a run from which a row was taken")
	out := flags.String("o", "", "write the results to this `directory`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out != "" { // before the hours of work
		if err := os.MkdirAll(*out, 0o777); err != nil {
			return err
		}
	}
	ordinary()
	dir, err := os.MkdirTemp("", "measure")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o := order{length: *length, removal: *removal, dir: dir, log: stderr}
	if *levels != "" {
		o.levels = strings.Split(*levels, ",")
	}
	var reports []report
	for release := range strings.SplitSeq(*releases, ",") {
		rep, err := o.measure(toolchain(release), strings.Split(*archs, ","))
		if err != nil {
			return err
		}
		reports = append(reports, rep)
	}
	if err := write(stdout, reports, *out, o.levels); err != nil {
		return err
	}
	if slices.ContainsFunc(reports, report.drifted) {
		return errDrift
	}
	return nil
}

// measure measures one release.
func (o order) measure(release toolchain, archs []string) (report, error) {
	rep := report{goVersion: release}
	for _, goarch := range archs {
		b, err := newBench(release, goarch, ".", o.dir, o.levels)
		if err != nil {
			return rep, err
		}
		b.length, b.removal = o.length, o.removal
		b.log = func(format string, args ...any) { fmt.Fprintf(o.log, string(release)+" "+format+"\n", args...) }
		b.measure()
		levels := o.levels
		if levels == nil {
			levels = baseline.Names()
		}
		if err := b.remove(levels); err != nil {
			return rep, err
		}
		rep.benches = append(rep.benches, b)
	}
	return rep, nil
}

// write prints the summary, and with dir writes it and the results there. If only
// some levels were measured it replaces theirs in the results that are there, and
// leaves the summary of the whole as it is.
func write(stdout io.Writer, reports []report, dir string, levels []string) error {
	text, err := summary(reports, kernel())
	if err != nil {
		return err
	}
	if _, err := io.WriteString(stdout, text); err != nil || dir == "" {
		return err
	}
	for _, rep := range reports {
		res, err := results(rep.goVersion, kernel(), rep.benches)
		if err != nil {
			return err
		}
		name := filepath.Join(dir, "go"+rep.goVersion.minor()+".json")
		if levels != nil {
			if err := res.keep(name, levels); err != nil {
				return err
			}
		}
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		if err := errors.Join(res.write(f), f.Close()); err != nil {
			return err
		}
	}
	if levels != nil {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, "README.md"), []byte(text), 0o666)
}

// ordinary gives the programs an ordinary start, whatever ours was like: no signal
// is ignored, as under nohup, and the limit of open files is below what they may
// have. The Go runtime raises its own limit, and lowers that of its children again.
func ordinary() {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s) // what has a handler is not inherited
		}
	}
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return
	}
	limit.Cur = min(limit.Cur, limit.Max-1, 1024)
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) // on failure a row is not triggered, and is listed
}

// here lists the GOARCHs whose programs this machine runs.
func here() []string {
	if runtime.GOARCH == "amd64" {
		return []string{"amd64", "386"}
	}
	return []string{runtime.GOARCH}
}

// kernel is the version of the kernel, as in "6.18".
func kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	parts := strings.SplitN(unix.ByteSliceToString(u.Release[:]), ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
