package stages

// maxIndexed is how many rules with paths the path index can hold; more are correct, but tried one by one.
const maxIndexed = 256

// unindexed is the bit of a rule that the path index says nothing about.
const unindexed = -1

// bits is a set of rules with paths. Its size is fixed so that it needs no allocation.
type bits [maxIndexed / 64]uint64

func (b *bits) add(i int)      { b[i/64] |= 1 << (i % 64) }
func (b *bits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }
func (b *bits) union(other *bits) {
	for i := range b {
		b[i] |= other[i]
	}
}

// pathIndex knows for each literal segment which rules can hold only on a path that has it.
type pathIndex struct {
	bySegment map[string]*bits
	always    bits // rules with a glob that has no literal segment
}

// newPathIndex gives the rules their bits.
func newPathIndex(rules []rule) pathIndex {
	x := pathIndex{bySegment: make(map[string]*bits)}
	used := 0
	for i := range rules {
		rules[i].bit = unindexed
		if rules[i].paths == nil || used == maxIndexed {
			continue
		}
		rules[i].bit = used
		for _, g := range rules[i].paths {
			x.add(g, used)
		}
		used++
	}
	return x
}

func (x *pathIndex) add(g glob, bit int) {
	literal := g.literal()
	if literal == "" {
		x.always.add(bit)
		return
	}
	if x.bySegment[literal] == nil {
		x.bySegment[literal] = new(bits)
	}
	x.bySegment[literal].add(bit)
}

// literal gives a segment that every matching path has, empty when there is none. The last one tells most.
func (g glob) literal() string {
	for i := len(g.segments) - 1; i >= 0; i-- {
		if !g.segments[i].wild {
			return g.segments[i].text
		}
	}
	return ""
}

// hits gives the rules whose literal segments the path has.
func (x *pathIndex) hits(path string) bits {
	found := x.always
	var buf [64]byte
	seg, rest, more := nextSegment(barePath(path))
	for ; more; seg, rest, more = nextSegment(rest) {
		folded, ok := foldASCII(buf[:], seg)
		if !ok {
			folded = []byte(lowerASCII(seg))
		}
		if b := x.bySegment[string(folded)]; b != nil {
			found.union(b)
		}
	}
	return found
}
