package journey

import (
	"slices"
	"strings"

	"github.com/zeebo/xxh3"
)

// Prints are the fingerprints of message ids, three bytes each, ascending. They answer "never seen" for certain and "seen"
// with a chance of one in 16 million for each print of being wrong.
type Prints string

// PrintLength is the bytes of one print.
const PrintLength = 3

func printOf(id MessageID) string {
	h := xxh3.HashString(string(id))
	return string([]byte{byte(h), byte(h >> 8), byte(h >> 16)})
}

// Len is how many there are.
func (p Prints) Len() int { return len(p) / PrintLength }

func (p Prints) at(i int) string { return string(p[i*PrintLength : (i+1)*PrintLength]) }

// Has tells whether the id may be among them.
func (p Prints) Has(id MessageID) bool {
	wanted := printOf(id)
	from, to := 0, p.Len()
	for from < to {
		middle := (from + to) / 2
		switch strings.Compare(p.at(middle), wanted) {
		case 0:
			return true
		case -1:
			from = middle + 1
		default:
			to = middle
		}
	}
	return false
}

// with gives the prints and those of the touches, each once.
func (p Prints) with(touches []Touch) Prints {
	added := make([]string, len(touches))
	for i := range touches {
		added[i] = printOf(touches[i].MessageID)
	}
	slices.Sort(added)
	merged := make([]byte, 0, len(p)+PrintLength*len(added))
	last := ""
	for i, k := 0, 0; i < p.Len() || k < len(added); {
		var next string
		if k == len(added) || i < p.Len() && p.at(i) <= added[k] {
			next = p.at(i)
			i++
		} else {
			next = added[k]
			k++
		}
		if next != last {
			merged = append(merged, next...)
		}
		last = next
	}
	return Prints(merged)
}
