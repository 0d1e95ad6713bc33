package lint

import (
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/rule"
)

// A denied is a call that a policy should not allow, whatever its arguments.
type denied struct{ code, why string }

// behind is why a call cannot be checked.
const behind = "has its arguments behind a pointer, where a filter cannot look"

// list is the calls of L1 to L4 and L9. Each reason goes on with what the call
// does, by its manual page or, where there is none, the kernel's source.
var list = map[string]denied{
	// L1: the kernel's code, the machine, the clock; all of them need privileges
	// that a tile has given up, or should have.
	"init_module":       {"L1", "loads code into the kernel"},
	"finit_module":      {"L1", "loads code into the kernel"},
	"create_module":     {"L1", "loads code into the kernel"},
	"delete_module":     {"L1", "unloads code from the kernel"},
	"kexec_load":        {"L1", "loads another kernel to boot"},
	"kexec_file_load":   {"L1", "loads another kernel to boot"},
	"reboot":            {"L1", "stops the machine"},
	"swapon":            {"L1", "changes where the machine's memory is swapped to"},
	"swapoff":           {"L1", "changes where the machine's memory is swapped to"},
	"acct":              {"L1", "writes a record of every process to a file"},
	"syslog":            {"L1", "reads and clears the kernel's log, addresses included"},
	"iopl":              {"L1", "gives access to the machine's ports"},
	"ioperm":            {"L1", "gives access to the machine's ports"},
	"modify_ldt":        {"L1", "changes the processor's segments, little tested in the kernel"},
	"vm86":              {"L1", "runs 16-bit code, little tested in the kernel"},
	"vm86old":           {"L1", "runs 16-bit code, little tested in the kernel"},
	"settimeofday":      {"L1", "sets the machine's clock"},
	"stime":             {"L1", "sets the machine's clock"},
	"clock_settime":     {"L1", "sets the machine's clock"},
	"clock_settime64":   {"L1", "sets the machine's clock"},
	"sethostname":       {"L1", "changes the machine's name"},
	"setdomainname":     {"L1", "changes the machine's name"},
	"vhangup":           {"L1", "hangs up a terminal"},
	"quotactl":          {"L1", "changes what users may store"},
	"quotactl_fd":       {"L1", "changes what users may store"},
	"uselib":            {"L1", "maps a library the way of the 1990s"},
	"_sysctl":           {"L1", "changes kernel parameters; Linux 5.5 dropped it"},
	"nfsservctl":        {"L1", "steers an NFS server; Linux 3.1 dropped it"},
	"personality":       {"L1", "can switch address randomization off and make readable memory executable"},
	"fanotify_init":     {"L1", "watches, and holds up, what others do with files"},
	"open_by_handle_at": {"L1", "opens files by number, past the permissions of directories"},
	// L1: what files and processes there are.
	"mount":             {"L1", "changes what files there are"},
	"umount":            {"L1", "changes what files there are"},
	"umount2":           {"L1", "changes what files there are"},
	"pivot_root":        {"L1", "changes what files there are"},
	"chroot":            {"L1", "changes where paths begin; a process may leave with it again"},
	"move_mount":        {"L1", "changes what files there are"},
	"open_tree":         {"L1", "copies mounts"},
	"open_tree_attr":    {"L1", "copies mounts"},
	"fsopen":            {"L1", "mounts a file system"},
	"fsconfig":          {"L1", "mounts a file system"},
	"fsmount":           {"L1", "mounts a file system"},
	"fspick":            {"L1", "changes a mounted file system"},
	"mount_setattr":     {"L1", "changes a mount, read-only ones too"},
	"setns":             {"L1", "enters another namespace"},
	"unshare":           {"L1", "makes namespaces, and with a user namespace privileges in them"},
	"lookup_dcookie":    {"L1", "tells the paths of others' files; Linux 6.7 dropped it"},
	"io_uring_setup":    {"L2", "takes calls out of shared memory, which no filter sees"},
	"io_uring_enter":    {"L2", "runs calls out of shared memory, which no filter sees"},
	"io_uring_register": {"L2", "prepares calls out of shared memory, which no filter sees"},
	// L3
	"clone3":     {"L3", behind + ": any clone flag passes, new namespaces too; answer it with errno(ENOSYS), so that libraries fall back to clone"},
	"openat2":    {"L3", behind + ": any open flag passes; answer it with errno(ENOSYS), so that libraries fall back to openat"},
	"socketcall": {"L3", behind + ": any socket call passes it checks nothing of"},
	// L4
	"ptrace":            {"L4", "reads, changes and steers other processes"},
	"process_vm_readv":  {"L4", "reads another process's memory"},
	"process_vm_writev": {"L4", "writes another process's memory"},
	"process_madvise":   {"L4", "changes another process's memory"},
	"migrate_pages":     {"L4", "moves another process's memory"},
	"move_pages":        {"L4", "moves another process's memory"},
	"pidfd_getfd":       {"L4", "takes descriptors of another process"},
	"kcmp":              {"L4", "compares other processes' resources, addresses included"},
	"bpf":               {"L4", "loads programs into the kernel"},
	"userfaultfd":       {"L4", "holds the kernel up in the middle of a copy, the tool of many exploits"},
	"keyctl":            {"L4", "uses the kernel's key rings, which no namespace separates"},
	"add_key":           {"L4", "uses the kernel's key rings, which no namespace separates"},
	"request_key":       {"L4", "uses the kernel's key rings, and starts a program for it"},
	"perf_event_open":   {"L4", "measures other processes and the kernel, its attributes behind a pointer"},
	// L9
	"execve":   {"L9", "runs any program its path names, which no filter sees; the filter stays, the program's own checks do not"},
	"execveat": {"L9", "runs any program its path or descriptor names; the filter stays, the program's own checks do not"},
}

// calls is L1 to L4 and L9.
func (c *checker) calls() {
	for _, call := range c.target.Calls {
		d, bad := list[call.Name]
		if _, other := c.target.Arch.Number("mmap2"); !bad && other && c.packed(call.Name) {
			d, bad = denied{"L3", behind + "; use mmap2"}, true // s390x has no other call for it
		}
		if bad && len(call.Cases) > 0 && c.passes(call, nil) {
			c.add(src(call), d.code, "%s %s", call.Name, d.why)
		}
	}
}

// packed reports whether a call is the mmap of i386 and s390x, among others,
// which takes one pointer to all of its arguments.
func (c *checker) packed(name string) bool {
	args, ok := proto.Of(c.target.Arch, name)
	return name == "mmap" && ok && len(args) == 1
}

// defaults is what of L1 concerns the calls without a rule.
func (c *checker) defaults() {
	for _, e := range c.file.Entries {
		switch {
		case e.Kind == gen.DefaultEntry && lets(c.target.Default):
			c.add(rule.Src(e.Pos), "L1", "default -> %v lets every call through that has no rule; list what the tile needs, and deny the rest", c.target.Default)
		case e.Kind == gen.NewerEntry && c.target.Newer != nil && lets(c.target.Newer.Action):
			c.add(rule.Src(e.Pos), "L1", "newer -> %v lets calls through that nobody has seen yet; use errno(ENOSYS), the answer of a kernel that lacks them", c.target.Newer.Action)
		}
	}
}
