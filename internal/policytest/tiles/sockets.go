//go:build linux && !386 && !s390x && (amd64 || arm64 || tileseal_experimental)

package tiles

import "github.com/tileseal/tileseal/policy/gotile"

// sockets are the tiles of WithSockets.
var sockets = []Tile{
	{"bundle", gotile.BundleLen, gotile.BundleLevels, gotile.PopulateBundle},
	{"event", gotile.EventLen, gotile.EventLevels, gotile.PopulateEvent},
	{"genesi", gotile.GenesiLen, gotile.GenesiLevels, gotile.PopulateGenesi},
	{"gui", gotile.GuiLen, gotile.GuiLevels, gotile.PopulateGui},
	{"guih", gotile.GuihLen, gotile.GuihLevels, gotile.PopulateGuih},
	{"ipecho", gotile.IpechoLen, gotile.IpechoLevels, gotile.PopulateIpecho},
	{"metric", gotile.MetricLen, gotile.MetricLevels, gotile.PopulateMetric},
	{"netlink", gotile.NetlinkLen, gotile.NetlinkLevels, gotile.PopulateNetlink},
	{"rpc", gotile.RpcLen, gotile.RpcLevels, gotile.PopulateRpc},
	{"snapct", gotile.SnapctLen, gotile.SnapctLevels, gotile.PopulateSnapct},
	{"snapld", gotile.SnapldLen, gotile.SnapldLevels, gotile.PopulateSnapld},
	{"sock", gotile.SockLen, gotile.SockLevels, gotile.PopulateSock},
	{"xdp", gotile.XdpLen, gotile.XdpLevels, gotile.PopulateXdp},
}
