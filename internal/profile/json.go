package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tileseal/tileseal/arch"
)

// A reader reads a profile in JSON, one call at a time, to know the line of
// what is wrong.
type reader struct {
	*json.Decoder
	file string
	text []byte
	arch arch.Arch // of numbers
}

func parseJSON(file string, text []byte) (*Profile, error) {
	r := &reader{json.NewDecoder(bytes.NewReader(text)), file, text, arch.X86_64}
	r.DisallowUnknownFields()
	p := &Profile{}
	first, err := r.Token()
	if err != nil {
		return nil, r.fail(err)
	}
	if first == json.Delim('[') {
		err = r.calls(p)
	} else {
		err = r.object(p)
	}
	if err != nil {
		return nil, err
	}
	if _, err := r.Token(); err != io.EOF {
		return nil, r.fail(errors.New("text after the end of the profile"))
	}
	return p, nil
}

// object reads the members of an object whose brace is read.
func (r *reader) object(p *Profile) error {
	for r.More() {
		key, err := r.Token()
		if err != nil {
			return r.fail(err)
		}
		switch key {
		case "arch":
			err = r.setArch(len(p.Calls) > 0)
		case "params":
			if err = r.Decode(&p.Params); err != nil {
				err = r.fail(err)
			}
		case "calls":
			if open, bad := r.Token(); bad != nil || open != json.Delim('[') {
				return r.fail(errors.New(`"calls" is a list`))
			}
			err = r.calls(p)
		default:
			err = r.fail(fmt.Errorf(`unknown member %q; there are "arch", "params" and "calls"`, key))
		}
		if err != nil {
			return err
		}
	}
	if _, err := r.Token(); err != nil {
		return r.fail(err)
	}
	return nil
}

func (r *reader) setArch(late bool) error {
	var name string
	if err := r.Decode(&name); err != nil {
		return r.fail(err)
	}
	if late {
		return r.fail(errors.New(`"arch" comes before "calls"`))
	}
	a, err := arch.ByName(name)
	if err != nil {
		return r.fail(err)
	}
	r.arch = a
	return nil
}

// calls reads the elements of a list whose bracket is read.
func (r *reader) calls(p *Profile) error {
	for r.More() {
		var c struct {
			Nr   *uint32
			Name string
			Args []uint64
			N    int64
		}
		if err := r.Decode(&c); err != nil {
			return r.fail(err)
		}
		call := Call{c.Name, c.Args, c.N}
		switch {
		case (c.Nr == nil) == (c.Name == ""):
			return r.fail(errors.New(`a call has either "name" or "nr"`))
		case c.Nr != nil:
			name, ok := r.arch.Name(*c.Nr)
			if !ok {
				return r.fail(fmt.Errorf("no system call has number %d on %v", *c.Nr, r.arch))
			}
			call.Name = name
		case !known(c.Name):
			return r.fail(fmt.Errorf("no architecture has a system call %q", c.Name))
		}
		switch {
		case c.N < 0:
			return r.fail(fmt.Errorf("%s was made %d times; a count is not negative", call.Name, c.N))
		case c.Args != nil && len(c.Args) != 6:
			return r.fail(fmt.Errorf("%s with %d arguments; list all six, or none", call.Name, len(c.Args)))
		}
		p.Calls = append(p.Calls, call)
	}
	if _, err := r.Token(); err != nil {
		return r.fail(err)
	}
	return nil
}

// fail is err at the line that has been read so far.
func (r *reader) fail(err error) error {
	at := r.InputOffset()
	if bad := (*json.SyntaxError)(nil); errors.As(err, &bad) {
		at = bad.Offset
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		at, err = int64(len(r.text)), errors.New("the text ends in the middle")
	}
	at = min(max(at, 0), int64(len(r.text)))
	return &Error{r.file, 1 + bytes.Count(r.text[:at], []byte("\n")), err.Error()}
}
