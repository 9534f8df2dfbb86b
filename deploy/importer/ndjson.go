package importer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// lineLimit bounds one NDJSON line; a touchpoint is far smaller.
const lineLimit = 16 << 20

// lineReader gives the wanted paths of each JSON object.
type lineReader struct {
	lines *bufio.Scanner
	names []string
	paths *path
}

// path is a step towards wanted values; it keeps the decoder for its own depth.
type path struct {
	// column wanted at this very place, or -1.
	column  int
	below   map[string]*path
	reader  bytes.Reader
	decoder *jsontext.Decoder
}

func newLineReader(input *bufio.Reader, columns []string) *lineReader {
	r := &lineReader{lines: bufio.NewScanner(input), names: columns, paths: newPath()}
	r.lines.Buffer(make([]byte, 64<<10), lineLimit)
	for i, name := range columns {
		r.paths.want(name, i)
	}
	return r
}

func newPath() *path {
	return &path{column: -1, decoder: jsontext.NewDecoder(strings.NewReader(""))}
}

// want marks a.b both as b below a and as the single name "a.b".
func (p *path) want(name string, column int) {
	p.child(name).column = column
	for i := range len(name) {
		if name[i] == '.' && i > 0 && i+1 < len(name) {
			p.child(name[:i]).want(name[i+1:], column)
		}
	}
}

func (p *path) child(name string) *path {
	if p.below == nil {
		p.below = map[string]*path{}
	}
	if p.below[name] == nil {
		p.below[name] = newPath()
	}
	return p.below[name]
}

func (r *lineReader) columns() []string { return r.names }

func (r *lineReader) read(into *row) error {
	line, err := r.next()
	if err != nil {
		return err
	}
	into.number++
	into.line = line
	if into.values == nil {
		into.values, into.kinds = make([]string, len(r.names)), make([]byte, len(r.names))
	}
	clear(into.values)
	clear(into.kinds)
	if err := r.paths.walk(line, into); err != nil {
		return &Problem{Row: into.number, Reason: reasonNotJSON, Detail: err.Error()}
	}
	return nil
}

// next gives the next line that is not blank.
func (r *lineReader) next() ([]byte, error) {
	for r.lines.Scan() {
		if line := bytes.TrimSpace(r.lines.Bytes()); len(line) > 0 {
			return line, nil
		}
	}
	if err := r.lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("a line is longer than %d MB: is this one JSON object a line?", lineLimit>>20)
	} else if err != nil {
		return nil, fmt.Errorf("reading the input: %w", err)
	}
	return nil, io.EOF
}

// walk takes the wanted values out of an object and sees that it is valid JSON to its end.
func (p *path) walk(raw []byte, into *row) error {
	p.reader.Reset(raw)
	p.decoder.Reset(&p.reader)
	open, err := p.decoder.ReadToken()
	if err != nil {
		return err
	}
	if open.Kind() != '{' {
		return errors.New("want one JSON object a line")
	}
	for p.decoder.PeekKind() != '}' {
		if err := p.member(into); err != nil {
			return err
		}
	}
	if _, err := p.decoder.ReadToken(); err != nil {
		return err
	}
	if _, err := p.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind the JSON object")
	}
	return nil
}

func (p *path) member(into *row) error {
	name, err := p.decoder.ReadToken()
	if err != nil {
		return err
	}
	next := p.below[name.String()]
	if next == nil {
		return p.decoder.SkipValue()
	}
	raw, err := p.decoder.ReadValue()
	if err != nil {
		return err
	}
	if next.column >= 0 {
		into.take(next.column, raw)
	}
	if next.below != nil && raw.Kind() == '{' {
		return next.walk(raw, into)
	}
	return nil
}

// take keeps a value: strings unquoted, null as absent, everything else as its JSON text.
func (r *row) take(column int, raw jsontext.Value) {
	kind := raw.Kind()
	switch kind {
	case 'n':
		return
	case '"':
		// The decoder has checked it: there is no error left to come.
		plain, _ := jsontext.AppendUnquote(nil, raw)
		r.values[column] = string(plain)
	default:
		r.values[column] = string(raw)
	}
	r.kinds[column] = byte(kind)
}
