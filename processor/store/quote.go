package store

import (
	"strings"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// quoteName is for the database's name, which the operator gives.
func quoteName(name string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(name) + "`"
}

// appendLiteral appends s as a string literal. Whatever is not a plain letter, digit, hyphen or underscore becomes \xHH,
// so no customer id can end the literal or mean anything to the parser or to the driver.
func appendLiteral(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '\'')
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			b = append(b, c)
		} else {
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		}
	}
	return append(b, '\'')
}

// customerFilter is a condition that holds for the customers, and for others of the same ids but another site or kind.
func customerFilter(customers []touchpoint.Customer) string {
	return idFilter("customer_id", customers)
}

// idFilter is the same for a column or expression that has the id.
func idFilter(column string, customers []touchpoint.Customer) string {
	b := append([]byte(column), " IN ("...)
	for i, c := range customers {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendLiteral(b, c.ID)
	}
	return string(append(b, ')'))
}
