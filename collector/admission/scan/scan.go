// Package scan takes the bytes of one JSON document and gives a cursor over it that validates while it moves and
// never copies: strings and values are sub-slices of the input. It accepts what encoding/json.Valid accepts, less
// invalid UTF-8, nesting past a depth and more than a number of object keys.
package scan

// Fault says why a document was refused; the zero value is no fault.
type Fault uint8

// The faults.
const (
	OK Fault = iota
	// Syntax: not JSON, or more than one value.
	Syntax
	// UTF8: a string holds bytes that are not UTF-8.
	UTF8
	// Deep: nested deeper than the limit.
	Deep
	// Keys: more object keys than the limit, all levels together.
	Keys
)

// Kind is the JSON type of the value that comes next.
type Kind uint8

// The kinds. Invalid is no value at all.
const (
	Invalid Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// String gives the JSON name of the kind, with its article where it has one.
func (k Kind) String() string {
	return [...]string{"nothing", "null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// Scanner moves over one document. The zero value is ready for Reset.
type Scanner struct {
	data     []byte
	pos      int
	depth    int
	keys     int
	maxDepth int
	maxKeys  int
	fault    Fault
}

// Reset puts the scanner at the beginning of data, with the limits to hold.
func (s *Scanner) Reset(data []byte, maxDepth, maxKeys int) {
	*s = Scanner{data: data, maxDepth: maxDepth, maxKeys: maxKeys}
}

// Fault gives the first fault met, OK when there was none.
func (s *Scanner) Fault() Fault { return s.fault }

// Pos is the offset of the next byte that is looked at.
func (s *Scanner) Pos() int { return s.pos }

// Since gives the input from an earlier Pos to here.
func (s *Scanner) Since(start int) []byte { return s.data[start:s.pos:s.pos] }

// Valid reports the first fault of a whole document.
func Valid(data []byte, maxDepth, maxKeys int) Fault {
	var s Scanner
	s.Reset(data, maxDepth, maxKeys)
	if s.Skip() {
		s.End()
	}
	return s.fault
}

// End checks that nothing but white space is left.
func (s *Scanner) End() bool {
	s.space()
	return s.pos == len(s.data) || s.fail(Syntax)
}

func (s *Scanner) fail(f Fault) bool {
	if s.fault == OK {
		s.fault = f
	}
	return false
}

func (s *Scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// kinds maps the first byte of a value to its kind.
var kinds = [256]Kind{
	'n': Null, 't': Bool, 'f': Bool, '"': String, '[': Array, '{': Object, '-': Number,
	'0': Number, '1': Number, '2': Number, '3': Number, '4': Number,
	'5': Number, '6': Number, '7': Number, '8': Number, '9': Number,
}

// Peek moves over white space and gives the kind of the value there, judged by its first byte.
func (s *Scanner) Peek() Kind {
	s.space()
	if s.pos == len(s.data) {
		return Invalid
	}
	return kinds[s.data[s.pos]]
}
