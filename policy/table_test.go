//go:build linux

package policy_test

import (
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/policy"
	"golang.org/x/sys/unix"
)

// A row is what the package exports for one policy.
type row struct {
	name     string // of the policy
	length   int
	populate any // func(out []unix.SockFilter, fd ...int), with its own number of ints
}

var table = []row{
	{"accdb", policy.AccdbLen, policy.PopulateAccdb},
	{"admin", policy.AdminLen, policy.PopulateAdmin},
	{"archiver_feeder", policy.ArchiverFeederLen, policy.PopulateArchiverFeeder},
	{"archiver_playback", policy.ArchiverPlaybackLen, policy.PopulateArchiverPlayback},
	{"archiver_writer", policy.ArchiverWriterLen, policy.PopulateArchiverWriter},
	{"bank", policy.BankLen, policy.PopulateBank},
	{"bundle", policy.BundleLen, policy.PopulateBundle},
	{"cswtch", policy.CswtchLen, policy.PopulateCswtch},
	{"dedup", policy.DedupLen, policy.PopulateDedup},
	{"diag", policy.DiagLen, policy.PopulateDiag},
	{"event", policy.EventLen, policy.PopulateEvent},
	{"exec", policy.ExecLen, policy.PopulateExec},
	{"execle", policy.ExecleLen, policy.PopulateExecle},
	{"execrp", policy.ExecrpLen, policy.PopulateExecrp},
	{"genesi", policy.GenesiLen, policy.PopulateGenesi},
	{"gossip", policy.GossipLen, policy.PopulateGossip},
	{"gossvf", policy.GossvfLen, policy.PopulateGossvf},
	{"gui", policy.GuiLen, policy.PopulateGui},
	{"guih", policy.GuihLen, policy.PopulateGuih},
	{"ipecho", policy.IpechoLen, policy.PopulateIpecho},
	{"main", policy.MainLen, policy.PopulateMain},
	{"metric", policy.MetricLen, policy.PopulateMetric},
	{"monitor", policy.MonitorLen, policy.PopulateMonitor},
	{"monitor_gossip", policy.MonitorGossipLen, policy.PopulateMonitorGossip},
	{"netlink", policy.NetlinkLen, policy.PopulateNetlink},
	{"pack", policy.PackLen, policy.PopulatePack},
	{"pidns", policy.PidnsLen, policy.PopulatePidns},
	{"plugin", policy.PluginLen, policy.PopulatePlugin},
	{"poh", policy.PohLen, policy.PopulatePoh},
	{"quic", policy.QuicLen, policy.PopulateQuic},
	{"repair", policy.RepairLen, policy.PopulateRepair},
	{"replay", policy.ReplayLen, policy.PopulateReplay},
	{"resolv", policy.ResolvLen, policy.PopulateResolv},
	{"rpc", policy.RpcLen, policy.PopulateRpc},
	{"rserve", policy.RserveLen, policy.PopulateRserve},
	{"send", policy.SendLen, policy.PopulateSend},
	{"shred", policy.ShredLen, policy.PopulateShred},
	{"shredcap", policy.ShredcapLen, policy.PopulateShredcap},
	{"sign", policy.SignLen, policy.PopulateSign},
	{"snapct", policy.SnapctLen, policy.PopulateSnapct},
	{"snapdc", policy.SnapdcLen, policy.PopulateSnapdc},
	{"snapin", policy.SnapinLen, policy.PopulateSnapin},
	{"snapin_tile_vinyl", policy.SnapinTileVinylLen, policy.PopulateSnapinTileVinyl},
	{"snapla", policy.SnaplaLen, policy.PopulateSnapla},
	{"snapld", policy.SnapldLen, policy.PopulateSnapld},
	{"snapls", policy.SnaplsLen, policy.PopulateSnapls},
	{"snapmk", policy.SnapmkLen, policy.PopulateSnapmk},
	{"snaprd", policy.SnaprdLen, policy.PopulateSnaprd},
	{"snapsv", policy.SnapsvLen, policy.PopulateSnapsv},
	{"snapwh", policy.SnapwhLen, policy.PopulateSnapwh},
	{"snapwr", policy.SnapwrLen, policy.PopulateSnapwr},
	{"snapzp", policy.SnapzpLen, policy.PopulateSnapzp},
	{"sock", policy.SockLen, policy.PopulateSock},
	{"solcap", policy.SolcapLen, policy.PopulateSolcap},
	{"tower", policy.TowerLen, policy.PopulateTower},
	{"txsend", policy.TxsendLen, policy.PopulateTxsend},
	{"verify", policy.VerifyLen, policy.PopulateVerify},
	{"votor", policy.VotorLen, policy.PopulateVotor},
	{"watch", policy.WatchLen, policy.PopulateWatch},
	{"xdp", policy.XdpLen, policy.PopulateXdp},
}

// call calls the row's function with as many of fd as it has parameters.
func (r row) call(out []unix.SockFilter, fd []int) {
	switch f := r.populate.(type) {
	case func([]unix.SockFilter, int):
		f(out, fd[0])
	case func([]unix.SockFilter, int, int):
		f(out, fd[0], fd[1])
	case func([]unix.SockFilter, int, int, int):
		f(out, fd[0], fd[1], fd[2])
	case func(_ []unix.SockFilter, a, b, c, d int):
		f(out, fd[0], fd[1], fd[2], fd[3])
	case func(_ []unix.SockFilter, a, b, c, d, e int):
		f(out, fd[0], fd[1], fd[2], fd[3], fd[4])
	case func(_ []unix.SockFilter, a, b, c, d, e, f, g, h int):
		f(out, fd[0], fd[1], fd[2], fd[3], fd[4], fd[5], fd[6], fd[7])
	default:
		panic(r.name + ": call has no case for its number of parameters; add one")
	}
}

// function is the name of the row's function.
func (r row) function() string {
	name := runtime.FuncForPC(reflect.ValueOf(r.populate).Pointer()).Name()
	return name[strings.LastIndexByte(name, '.')+1:]
}

// paramIdent is what the generated Go calls a parameter of a policy: without the
// underscores, FD in capitals.
func paramIdent(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words {
		switch {
		case w == "fd", w == "fd0", w == "fd1":
			words[i] = "FD" + w[2:]
		case i > 0:
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

var compiled struct {
	sync.Once
	policies []*policytest.Policy
}

// policies are the policies of this package, compiled anew, in the order of
// table.
func policies(t testing.TB) []*policytest.Policy {
	t.Helper()
	compiled.Do(func() {
		compiled.policies = policytest.ReadFor(t, ".", slices.Concat(policytest.Archs, policytest.Others))
	})
	if len(compiled.policies) != len(table) {
		t.Fatalf("%d policies, %d rows; see TestTable", len(compiled.policies), len(table))
	}
	return compiled.policies
}

// native is a policy of this package, compiled for this machine.
func native(t testing.TB, p *policytest.Policy) gen.Target {
	t.Helper()
	return p.On(arch.Native())
}

// TestTable wants a row for every policy, and no other.
func TestTable(t *testing.T) {
	var want, have []string
	for _, p := range policytest.Read(t, ".") {
		want = append(want, p.Name)
	}
	for _, r := range table {
		have = append(have, r.name)
	}
	if !slices.Equal(have, want) {
		t.Fatalf("rows:\n%s\npolicies:\n%s", have, want)
	}
	for i, p := range policies(t) {
		r, target := table[i], native(t, p)
		if r.length != len(target.Program.Insns) {
			t.Errorf("%s: Len is %d, want %d", r.name, r.length, len(target.Program.Insns))
		}
		if got, want := reflect.TypeOf(r.populate).NumIn()-1, len(target.Params); got != want {
			t.Errorf("%s has %d parameters, want %d", r.function(), got, want)
		}
	}
}
