package importer

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// quoteSpan is how many lines a broken quoted value may swallow before it is taken for an unclosed quote,
// which would otherwise make one bad row of the whole rest of the file.
const quoteSpan = 100

type csvReader struct {
	csv    *csv.Reader
	header []string
}

func newCSVReader(input *bufio.Reader, delimiter rune) (*csvReader, error) {
	if mark, err := input.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		if _, err := input.Discard(3); err != nil {
			return nil, fmt.Errorf("reading the input: %w", err)
		}
	}
	r := &csvReader{csv: csv.NewReader(input)}
	r.csv.Comma, r.csv.ReuseRecord = delimiter, true
	header, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the input is empty: its first line has to name the columns")
	} else if err != nil {
		return nil, fmt.Errorf("reading the line with the columns' names: %w", err)
	}
	for i, name := range header {
		if slices.Contains(header[:i], name) {
			return nil, fmt.Errorf("the input has two columns named %q", name)
		}
		r.header = append(r.header, strings.Clone(name))
	}
	return r, nil
}

func (r *csvReader) columns() []string { return r.header }

func (r *csvReader) read(into *row) error {
	record, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	into.number++
	into.values = record
	if err == nil {
		return nil
	}
	var broken *csv.ParseError
	if !errors.As(err, &broken) {
		return fmt.Errorf("reading row %d: %w", into.number, err)
	}
	if broken.Line-broken.StartLine > quoteSpan {
		return fmt.Errorf("row %d has a quote that is not closed: it begins in line %d and %w", into.number, broken.StartLine, err)
	}
	detail := err.Error()
	if errors.Is(err, csv.ErrFieldCount) {
		detail = fmt.Sprintf("line %d has %d values, but there are %d columns", broken.StartLine, len(record), len(r.header))
	}
	return &Problem{Row: into.number, Reason: reasonNotCSV, Detail: detail}
}
