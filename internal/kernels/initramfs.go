package main

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A node is a file, a directory or a device of the guest's root file system.
type node struct {
	path    string // without the leading slash
	mode    fs.FileMode
	data    []byte
	major   uint32 // of a character device
	minor   uint32
	ordinal uint32 // set by writeNewc
}

// File types of st_mode (include/uapi/linux/stat.h).
const (
	typeRegular = 0o100000
	typeDir     = 0o040000
	typeChar    = 0o020000
)

// writeNewc writes the nodes as a "newc" archive, which the kernel unpacks into
// its first root file system (Documentation/driver-api/early-userspace/
// buffer-format.rst). Directories that files need are added. Everything belongs
// to root, is of the epoch and comes in order of path, so the bytes depend on
// the nodes alone.
func writeNewc(w io.Writer, nodes []node) error {
	nodes = withDirs(nodes)
	for i := range nodes {
		nodes[i].ordinal = uint32(i + 1)
		if err := nodes[i].write(w); err != nil {
			return err
		}
	}
	return (&node{path: "TRAILER!!!"}).write(w)
}

// withDirs sorts the nodes and puts before each the directories it is in. Of
// nodes of one path the first stays.
func withDirs(nodes []node) []node {
	have := map[string]bool{".": true}
	var all []node
	for _, n := range nodes {
		if !have[n.path] {
			have[n.path] = true
			all = append(all, n)
		}
	}
	for _, n := range nodes {
		for dir := path.Dir(n.path); !have[dir]; dir = path.Dir(dir) {
			have[dir] = true
			all = append(all, node{path: dir, mode: fs.ModeDir | 0o755})
		}
	}
	slices.SortFunc(all, func(a, b node) int { return strings.Compare(a.path, b.path) })
	return all
}

// stat is the node's mode as the kernel has it.
func (n *node) stat() uint32 {
	perm := uint32(n.mode.Perm())
	switch {
	case n.path == "TRAILER!!!":
		return 0
	case n.mode.IsDir():
		return typeDir | perm
	case n.mode&fs.ModeCharDevice != 0:
		return typeChar | perm
	}
	return typeRegular | perm
}

func (n *node) write(w io.Writer) error {
	links := uint32(1)
	if n.mode.IsDir() {
		links = 2
	}
	head := "070701"
	for _, field := range []uint32{
		n.ordinal, n.stat(), 0, 0, // inode, mode, user, group
		links, 0, uint32(len(n.data)), // links, time, size
		0, 0, n.major, n.minor, // of the archive's device, of this one
		uint32(len(n.path) + 1), 0, // length of the name, checksum
	} {
		head += fmt.Sprintf("%08x", field)
	}
	for _, part := range []string{head + n.path + "\x00", string(n.data)} {
		if _, err := io.WriteString(w, part+padding(len(part))); err != nil {
			return err
		}
	}
	return nil
}

// padding fills a part of n bytes up to a multiple of four.
func padding(n int) string { return "\x00\x00\x00"[:-n&3] }
