//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

// Package tiles lists what package gotile exports on this GOARCH, for its tests
// and for the child they seal.
package tiles

import (
	"cmp"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/policy/gotile"
	"golang.org/x/sys/unix"
)

// A Tile is what package gotile exports for one policy.
type Tile struct {
	Name     string // of the policy
	Len      int
	Levels   goruntime.Levels
	populate any // func(out []unix.SockFilter, rt goruntime.Runtime, fd ...int), with its own number of ints
}

// WithSockets are the tiles that use sockets after they are sealed. There is no
// program for NoSockets for them: socketcall hides the arguments of socket calls
// there.
var WithSockets = []string{
	"bundle", "event", "genesi", "gui", "guih", "ipecho", "metric", "netlink", "rpc", "snapct", "snapld", "sock", "xdp",
}

// NoSockets are the GOARCHs where Go makes its socket calls through socketcall.
var NoSockets = []string{"386", "s390x"}

// All are the tiles there are, in alphabetical order.
func All() []Tile {
	return slices.SortedFunc(slices.Values(append(sockets, files...)), func(a, b Tile) int { return cmp.Compare(a.Name, b.Name) })
}

// Params is the number of the tile's own parameters.
func (t Tile) Params() int { return reflect.TypeOf(t.populate).NumIn() - len([]string{"out", "rt"}) }

// Function is the name of the tile's Populate function.
func (t Tile) Function() string {
	name := runtime.FuncForPC(reflect.ValueOf(t.populate).Pointer()).Name()
	return name[strings.LastIndexByte(name, '.')+1:]
}

// Populate calls the tile's Populate function with as many of fd as it has
// parameters.
func (t Tile) Populate(out []unix.SockFilter, rt goruntime.Runtime, fd []int) {
	switch f := t.populate.(type) {
	case func([]unix.SockFilter, goruntime.Runtime, int):
		f(out, rt, fd[0])
	case func([]unix.SockFilter, goruntime.Runtime, int, int):
		f(out, rt, fd[0], fd[1])
	case func([]unix.SockFilter, goruntime.Runtime, int, int, int):
		f(out, rt, fd[0], fd[1], fd[2])
	case func(_ []unix.SockFilter, _ goruntime.Runtime, a, b, c, d int):
		f(out, rt, fd[0], fd[1], fd[2], fd[3])
	case func(_ []unix.SockFilter, _ goruntime.Runtime, a, b, c, d, e int):
		f(out, rt, fd[0], fd[1], fd[2], fd[3], fd[4])
	case func(_ []unix.SockFilter, _ goruntime.Runtime, a, b, c, d, e, f, g, h int):
		f(out, rt, fd[0], fd[1], fd[2], fd[3], fd[4], fd[5], fd[6], fd[7])
	default:
		panic(t.Name + ": Populate has no case for its number of parameters; add one")
	}
}

// files are the tiles that use files and memory alone.
var files = []Tile{
	{"accdb", gotile.AccdbLen, gotile.AccdbLevels, gotile.PopulateAccdb},
	{"admin", gotile.AdminLen, gotile.AdminLevels, gotile.PopulateAdmin},
	{"archiver_feeder", gotile.ArchiverFeederLen, gotile.ArchiverFeederLevels, gotile.PopulateArchiverFeeder},
	{"archiver_playback", gotile.ArchiverPlaybackLen, gotile.ArchiverPlaybackLevels, gotile.PopulateArchiverPlayback},
	{"archiver_writer", gotile.ArchiverWriterLen, gotile.ArchiverWriterLevels, gotile.PopulateArchiverWriter},
	{"bank", gotile.BankLen, gotile.BankLevels, gotile.PopulateBank},
	{"cswtch", gotile.CswtchLen, gotile.CswtchLevels, gotile.PopulateCswtch},
	{"dedup", gotile.DedupLen, gotile.DedupLevels, gotile.PopulateDedup},
	{"diag", gotile.DiagLen, gotile.DiagLevels, gotile.PopulateDiag},
	{"exec", gotile.ExecLen, gotile.ExecLevels, gotile.PopulateExec},
	{"execle", gotile.ExecleLen, gotile.ExecleLevels, gotile.PopulateExecle},
	{"execrp", gotile.ExecrpLen, gotile.ExecrpLevels, gotile.PopulateExecrp},
	{"gossip", gotile.GossipLen, gotile.GossipLevels, gotile.PopulateGossip},
	{"gossvf", gotile.GossvfLen, gotile.GossvfLevels, gotile.PopulateGossvf},
	{"main", gotile.MainLen, gotile.MainLevels, gotile.PopulateMain},
	{"monitor", gotile.MonitorLen, gotile.MonitorLevels, gotile.PopulateMonitor},
	{"monitor_gossip", gotile.MonitorGossipLen, gotile.MonitorGossipLevels, gotile.PopulateMonitorGossip},
	{"pack", gotile.PackLen, gotile.PackLevels, gotile.PopulatePack},
	{"pidns", gotile.PidnsLen, gotile.PidnsLevels, gotile.PopulatePidns},
	{"plugin", gotile.PluginLen, gotile.PluginLevels, gotile.PopulatePlugin},
	{"poh", gotile.PohLen, gotile.PohLevels, gotile.PopulatePoh},
	{"quic", gotile.QuicLen, gotile.QuicLevels, gotile.PopulateQuic},
	{"repair", gotile.RepairLen, gotile.RepairLevels, gotile.PopulateRepair},
	{"replay", gotile.ReplayLen, gotile.ReplayLevels, gotile.PopulateReplay},
	{"resolv", gotile.ResolvLen, gotile.ResolvLevels, gotile.PopulateResolv},
	{"rserve", gotile.RserveLen, gotile.RserveLevels, gotile.PopulateRserve},
	{"send", gotile.SendLen, gotile.SendLevels, gotile.PopulateSend},
	{"shred", gotile.ShredLen, gotile.ShredLevels, gotile.PopulateShred},
	{"shredcap", gotile.ShredcapLen, gotile.ShredcapLevels, gotile.PopulateShredcap},
	{"sign", gotile.SignLen, gotile.SignLevels, gotile.PopulateSign},
	{"snapdc", gotile.SnapdcLen, gotile.SnapdcLevels, gotile.PopulateSnapdc},
	{"snapin", gotile.SnapinLen, gotile.SnapinLevels, gotile.PopulateSnapin},
	{"snapin_tile_vinyl", gotile.SnapinTileVinylLen, gotile.SnapinTileVinylLevels, gotile.PopulateSnapinTileVinyl},
	{"snapla", gotile.SnaplaLen, gotile.SnaplaLevels, gotile.PopulateSnapla},
	{"snapls", gotile.SnaplsLen, gotile.SnaplsLevels, gotile.PopulateSnapls},
	{"snapmk", gotile.SnapmkLen, gotile.SnapmkLevels, gotile.PopulateSnapmk},
	{"snaprd", gotile.SnaprdLen, gotile.SnaprdLevels, gotile.PopulateSnaprd},
	{"snapsv", gotile.SnapsvLen, gotile.SnapsvLevels, gotile.PopulateSnapsv},
	{"snapwh", gotile.SnapwhLen, gotile.SnapwhLevels, gotile.PopulateSnapwh},
	{"snapwr", gotile.SnapwrLen, gotile.SnapwrLevels, gotile.PopulateSnapwr},
	{"snapzp", gotile.SnapzpLen, gotile.SnapzpLevels, gotile.PopulateSnapzp},
	{"solcap", gotile.SolcapLen, gotile.SolcapLevels, gotile.PopulateSolcap},
	{"tower", gotile.TowerLen, gotile.TowerLevels, gotile.PopulateTower},
	{"txsend", gotile.TxsendLen, gotile.TxsendLevels, gotile.PopulateTxsend},
	{"verify", gotile.VerifyLen, gotile.VerifyLevels, gotile.PopulateVerify},
	{"votor", gotile.VotorLen, gotile.VotorLevels, gotile.PopulateVotor},
	{"watch", gotile.WatchLen, gotile.WatchLevels, gotile.PopulateWatch},
}
