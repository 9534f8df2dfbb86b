package scan

// Skip validates the next value, of any kind, and moves behind it.
func (s *Scanner) Skip() bool {
	switch s.Peek() {
	case Object:
		return s.skipObject()
	case Array:
		return s.skipArray()
	case String:
		_, ok := s.Text()
		return ok
	case Number:
		_, ok := s.Number()
		return ok
	case Bool:
		_, ok := s.Bool()
		return ok
	case Null:
		return s.literal("null")
	}
	return s.fail(Syntax)
}

func (s *Scanner) skipObject() bool {
	if !s.Open() {
		return false
	}
	for first := true; ; first = false {
		_, more := s.Member(first)
		if !more {
			return s.fault == OK
		}
		if !s.Skip() {
			return false
		}
	}
}

func (s *Scanner) skipArray() bool {
	if !s.enter() {
		return false
	}
	if s.Peek(); s.at(']') {
		return s.leave()
	}
	for s.Skip() {
		s.space()
		switch {
		case s.at(','):
			s.pos++
		case s.at(']'):
			return s.leave()
		default:
			return s.fail(Syntax)
		}
	}
	return false
}

// Open enters an object. The next value must be one (see Peek).
func (s *Scanner) Open() bool {
	s.space()
	if !s.at('{') {
		return s.fail(Syntax)
	}
	return s.enter()
}

// Member moves to the next member of the object that was opened and gives its key; the value comes next.
// more is false behind the last member, and at a fault.
func (s *Scanner) Member(first bool) (key Text, more bool) {
	s.space()
	if s.at('}') {
		s.leave()
		return Text{}, false
	}
	if !first {
		if !s.at(',') {
			return Text{}, s.fail(Syntax)
		}
		s.pos++
		s.space()
	}
	if s.keys++; s.keys > s.maxKeys {
		return Text{}, s.fail(Keys)
	}
	key, ok := s.Text()
	if !ok {
		return key, false
	}
	s.space()
	if !s.at(':') {
		return key, s.fail(Syntax)
	}
	s.pos++
	return key, true
}

func (s *Scanner) at(c byte) bool { return s.pos < len(s.data) && s.data[s.pos] == c }

func (s *Scanner) enter() bool {
	s.pos++
	if s.depth++; s.depth > s.maxDepth {
		return s.fail(Deep)
	}
	return true
}

func (s *Scanner) leave() bool {
	s.pos++
	s.depth--
	return true
}

// Bool reads true or false.
func (s *Scanner) Bool() (value, ok bool) {
	s.space()
	if s.at('t') {
		return true, s.literal("true")
	}
	return false, s.literal("false")
}

func (s *Scanner) literal(word string) bool {
	end := s.pos + len(word)
	if end > len(s.data) || string(s.data[s.pos:end]) != word {
		return s.fail(Syntax)
	}
	s.pos = end
	return true
}

// Number validates a number and gives its text.
func (s *Scanner) Number() (text Text, ok bool) {
	s.space()
	start := s.pos
	if s.at('-') {
		s.pos++
	}
	if s.at('0') {
		s.pos++
	} else if !s.digits() {
		return Text{}, s.fail(Syntax)
	}
	if s.at('.') {
		if s.pos++; !s.digits() {
			return Text{}, s.fail(Syntax)
		}
	}
	if s.at('e') || s.at('E') {
		if s.pos++; s.at('+') || s.at('-') {
			s.pos++
		}
		if !s.digits() {
			return Text{}, s.fail(Syntax)
		}
	}
	return Text{raw: s.Since(start)}, true
}

func (s *Scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > start
}
