package admission

// members walks over one object, key by key, and refuses a key that comes twice. Its loop is
//
//	for m := d.members("context"); m.next(d); {
//
// and d.problem tells afterwards whether it ended well.
type members struct {
	prefix string // dotted path of the object, with a dot behind it; empty for the event itself
	key    string
	seen   [few]string
	count  int
	more   map[string]struct{} // keys behind the first few
	opened bool
}

// few is how many keys are compared one by one, which is faster than hashing for objects of usual size.
const few = 24

func (m *members) next(d *draft) bool {
	if d.problem != nil {
		return false
	}
	first := !m.opened
	if first && !d.scan.Open() {
		return d.fault()
	}
	m.opened = true
	key, more := d.scan.Member(first)
	if !more {
		if d.scan.Fault() != 0 {
			d.fault()
		}
		return false
	}
	m.key = key.String()
	if m.twice() {
		return d.refuse(ReasonDuplicateField, m.path(), "the key is given twice in one object: send it once")
	}
	return true
}

// twice remembers the key and tells whether it was there before.
func (m *members) twice() bool {
	for _, key := range m.seen[:min(m.count, few)] {
		if key == m.key {
			return true
		}
	}
	m.count++
	if m.count <= few {
		m.seen[m.count-1] = m.key
		return false
	}
	if m.more == nil {
		m.more = make(map[string]struct{})
	}
	_, there := m.more[m.key]
	m.more[m.key] = struct{}{}
	return there
}

// path gives the dotted path of the key, in memory of its own; overlong keys are cut.
func (m *members) path() string {
	return m.prefix + printable(m.key)
}
