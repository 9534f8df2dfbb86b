package store

import (
	"fmt"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// scope says of whom something is read: of all in the buckets with bucket mod partitions = partition, or of some customers.
type scope struct {
	partition, partitions int
	customers             []touchpoint.Customer
	wanted                map[touchpoint.Customer]struct{}
	// Of this site only; all where it is empty.
	site string
	// Touches come with all that stage rules look at.
	given bool
}

func everybody(partition, partitions int) scope {
	return scope{partition: partition, partitions: partitions}
}

func only(customers []touchpoint.Customer) scope {
	s := scope{customers: customers, wanted: make(map[touchpoint.Customer]struct{}, len(customers))}
	for _, c := range customers {
		s.wanted[c] = struct{}{}
	}
	return s
}

// where is a condition for a table that has the customer's id and bucket in these columns or expressions. It holds for
// others of the same ids as well: has tells them apart.
func (s scope) where(id, bucket string) string {
	if s.wanted != nil {
		return idFilter(id, s.customers)
	}
	buckets := fmt.Sprintf("%s %% %d = %d", bucket, s.partitions, s.partition)
	if s.site != "" {
		return fmt.Sprintf("site = %s AND %s", appendLiteral(nil, s.site), buckets)
	}
	return buckets
}

// columns are the further ones of a query for touches.
func (s scope) columns() string {
	if s.given {
		return givenColumns
	}
	return ""
}

func (s scope) has(c touchpoint.Customer) bool {
	_, ok := s.wanted[c]
	return ok || s.wanted == nil
}

func (s scope) String() string {
	if s.wanted != nil {
		return fmt.Sprintf("%d customers", len(s.customers))
	}
	return fmt.Sprintf("partition %d of %d", s.partition, s.partitions)
}
