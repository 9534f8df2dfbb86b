// Package touchpoint takes the protobuf definition of what travels through Kafka and gives Go types for it,
// and the rules of who a touchpoint belongs to: the customer key and the bucket.
package touchpoint

import "github.com/cespare/xxhash/v2"

// Buckets is the number of buckets: the unit of ownership, of state and of restore. It is a constant of the
// stored data and never changes.
const Buckets = 1024

// Kind tells which id names a customer.
type Kind byte

// The kinds of customer id.
const (
	KindUser      Kind = 'u'
	KindAnonymous Kind = 'a'
)

// String gives the word stored in the customer_kind column.
func (k Kind) String() string {
	if k == KindUser {
		return "user"
	}
	return "anonymous"
}

// Customer names a person within a site.
type Customer struct {
	Site string
	Kind Kind
	ID   string
}

// Customer returns who the touchpoint belongs to: the user where a user id is present, else the anonymous visitor.
func (t *Touchpoint) Customer() Customer {
	if t.UserId != "" {
		return Customer{Site: t.Site, Kind: KindUser, ID: t.UserId}
	}
	return Customer{Site: t.Site, Kind: KindAnonymous, ID: t.AnonymousId}
}

// Bucket is the bucket of the customer's hash.
func (c Customer) Bucket() uint16 { return BucketOf(c.Hash()) }

// Hash is xxhash64(site 0x00 kind id).
func (c Customer) Hash() uint64 {
	var buf [256]byte
	return xxhash.Sum64(c.AppendKey(buf[:0]))
}

// BucketOf gives the bucket of a customer's hash: the hash mod Buckets.
func BucketOf(hash uint64) uint16 { return uint16(hash % Buckets) }

// AppendKey appends site, 0x00, kind, id: the bytes that name the customer in the state and that are hashed.
func (c Customer) AppendKey(b []byte) []byte {
	b = append(b, c.Site...)
	b = append(b, 0, byte(c.Kind))
	return append(b, c.ID...)
}
