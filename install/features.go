package install

// Features is what the running kernel can do with filters, as far as it lets
// the calling process ask. See [Probe].
type Features struct {
	Flags   []uint32 // the SECCOMP_FILTER_FLAG_ values it takes, ascending
	Actions []uint32 // the SECCOMP_RET_ values it knows, strictest first; none before Linux 4.14, which cannot be asked
}
