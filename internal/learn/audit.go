package learn

import "github.com/tileseal/tileseal/internal/sigsys"

// Reported are the calls of crash texts and audit lines, as package sigsys reads
// them. Audit lines have no arguments.
func Reported(reports []sigsys.Report, add func(Call)) (read, skipped int) {
	for _, r := range reports {
		if r.Problem != "" || r.X32() {
			skipped++
			continue
		}
		c := Call{Arch: r.Arch, Nr: r.Nr, Args: r.Args}
		if !r.HasArgs {
			c.Missing = [6]Missing{Unclear, Unclear, Unclear, Unclear, Unclear, Unclear}
		}
		add(c)
		read++
	}
	return read, skipped
}
