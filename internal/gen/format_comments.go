package gen

// A Comment is a comment of a policy text of dialect tileseal.
type Comment struct {
	Text string // from the # on
	Line int
	Col  int // from 1, in bytes
	// First and Last are the lines of the entry (or the signature) that the
	// comment is inside of or behind, or that follows it with nothing but
	// comments between the two. They are 0 if there is none.
	First, Last int
}

// Comments lists the comments of a text in its order.
func Comments(text string) []Comment {
	var out []Comment
	pieces := split(text)
	for i, p := range pieces {
		about := follows(pieces[i:])
		for _, m := range p.marks {
			out = append(out, Comment{m.text, m.line, m.col, about.first, about.last})
		}
	}
	return out
}

// follows is the first entry of pieces with nothing but comments before it, or
// none.
func follows(pieces []piece) piece {
	for _, p := range pieces {
		if p.isEntry() {
			return p
		}
		if len(p.marks) == 0 {
			break // a blank line
		}
	}
	return piece{}
}
