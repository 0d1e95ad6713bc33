package gen

import (
	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/proto"
)

// currentWidths is the table by which layout current decides how much of an
// argument to compare: a letter an argument, i for the low word only, l for
// all 64 bits. It is upstream's, of commit 178b48feec, and the same for every
// architecture.
var currentWidths = map[string]string{
	"accept4": "illi", "bind": "ili", "clock_nanosleep": "iill", "close": "i", "connect": "ili",
	"copy_file_range": "ililli", "exit": "i", "exit_group": "i", "fallocate": "iill", "fcntl": "iil",
	"fstat": "il", "fsync": "i", "ftruncate": "il", "futex": "liilli", "getdents64": "ili",
	"getsockopt": "iiill", "ioctl": "iil", "io_uring_enter": "iiiili", "io_uring_register": "iili",
	"kill": "ii", "lseek": "ili", "madvise": "lli", "newfstatat": "illi",
	"poll": "lii", "ppoll": "lilll", "pread64": "illl", "preadv2": "ililli", "pselect6": "illlll",
	"pwrite64": "illl", "pwritev2": "ililli", "read": "ill", "recvfrom": "illill", "recvmmsg": "iliil",
	"recvmsg": "ili", "renameat": "ilil", "renameat2": "ilili", "sendmmsg": "ilii", "sendmsg": "ili",
	"sendto": "illili", "setsockopt": "iiili", "shutdown": "ii", "socket": "iii", "wait4": "ilil",
	"write": "ill", "writev": "ill",
}

// addedWidths are rows of our own for calls that do the work of one of upstream's
// on architectures it does not know. Dialect current refuses them, as upstream does.
var addedWidths = map[string]string{"fstatat64": "illi", "statx": "iliil"}

// An argInfo is what comparing one argument of one call means.
type argInfo struct {
	width int        // 32 or 64
	kind  proto.Kind // proto.Unknown where no prototype tells
}

// argOf decides the width of a comparison, or says why there can be none.
func argOf(a arch.Arch, layout compile.Layout, d Dialect, call string, n int) (argInfo, string) {
	args, known := proto.Of(a, call)
	info := argInfo{width: 32}
	if known && n < len(args) {
		info = argInfo{int(args[n].Bits), args[n].Kind}
	}
	past := known && n >= len(args)
	switch layout {
	case compile.Classic:
		info.width = 32
		if d == Classic { // that era looked nothing up
			return info, ""
		}
	case compile.Current:
		widths, ok := currentWidths[call]
		if !ok && d != Current {
			widths, ok = addedWidths[call]
		}
		if !ok {
			return info, call + " is not in layout current's table of argument widths; use layout plain"
		}
		if n >= len(widths) {
			return info, takes(call, len(widths))
		}
		info.width = 32
		if widths[n] == 'l' {
			info.width = 64
		}
		return info, ""
	}
	switch {
	case past:
		return info, takes(call, len(args))
	case !known:
		return info, "the arguments of " + call + " are not known, so they cannot be compared"
	}
	return info, ""
}
