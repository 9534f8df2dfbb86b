package erasure

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// Kind tells what of whom was erased.
type Kind string

// The kinds. Only Seen and Source name a pair: an anonymous id and a user.
const (
	// User is all of a user.
	User Kind = "user"
	// Anonymous is all that was sent under an anonymous id alone.
	Anonymous Kind = "anonymous"
	// Shared is what a user had of an anonymous id that others have a part of, too. What comes late under it could be anybody's.
	Shared Kind = "shared"
	// Seen is that a user was seen on an anonymous id.
	Seen Kind = "seen"
	// Source is what a user has from an anonymous id.
	Source Kind = "source"
)

// Mark says that something was erased.
type Mark struct {
	Kind Kind
	Site string
	Hash [HashBytes]byte
	Salt []byte
	// Of the customer whose records are refused.
	Bucket uint16
	// Unix microseconds: what was received up to then is gone.
	Until int64
	// Names the request.
	Request string
}

// HashBytes is the length of a hash.
const HashBytes = 16

// Hash is the first half of SHA-256 over salt, kind, site, id and, of a pair, the user, each with its length in front.
func Hash(salt []byte, kind Kind, site, id, user string) (hash [HashBytes]byte) {
	var space [512]byte
	b := space[:0]
	for _, part := range [...]string{string(salt), string(kind), site, id, user} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	sum := sha256.Sum256(b)
	copy(hash[:], sum[:])
	return hash
}

// ErrImpossible is returned for a record that erases nobody.
var ErrImpossible = errors.New("an erasure without site, id, time, salt or request, or of an unknown kind")

// Check tells whether a record can be applied. The error is ErrImpossible.
func Check(e *touchpoint.Erase) error {
	if e.Site == "" || e.Id == "" || e.ReceivedAt <= 0 || len(e.Salt) == 0 || e.Request == "" {
		return ErrImpossible
	}
	if e.Kind != touchpoint.KindUser.String() && e.Kind != touchpoint.KindAnonymous.String() {
		return fmt.Errorf("%w: %q", ErrImpossible, e.Kind)
	}
	return nil
}

// Marks gives what is to be remembered of a record.
func Marks(e *touchpoint.Erase) []Mark {
	bucket := e.Customer().Bucket()
	mark := func(kind Kind, id, user string) Mark {
		return Mark{
			Kind: kind, Site: e.Site, Hash: Hash(e.Salt, kind, e.Site, id, user), Salt: e.Salt, Bucket: bucket,
			Until: e.ReceivedAt, Request: e.Request,
		}
	}
	user := e.Kind == touchpoint.KindUser.String()
	switch {
	case user && e.Part == "":
		return []Mark{mark(User, e.Id, "")}
	case user:
		return []Mark{mark(Source, e.Part, e.Id)}
	case e.Part == "":
		return []Mark{mark(Anonymous, e.Id, "")}
	}
	return []Mark{mark(Shared, e.Id, ""), mark(Seen, e.Id, e.Part)}
}
