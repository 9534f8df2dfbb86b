package enrich

import (
	"net/url"
	"strings"
)

// Campaign is what campaign tags say. Values are decoded; they alias the query where nothing had to be.
type Campaign struct {
	Name, Source, Medium, Term, Content string
}

// Tagged tells whether there is any tag at all.
func (c Campaign) Tagged() bool { return c != Campaign{} }

// Click is a click id: the parameter's name and its value.
type Click struct {
	Kind, ID string
}

// Query reads campaign tags and the click id out of a URL's query. Of a parameter given twice the first counts; of
// several click ids the one that names the paid channel most exactly. Names are matched without regard to case.
func Query(query string) (Campaign, Click) {
	var c Campaign
	best := len(clicks)
	var click Click
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, value, _ := strings.Cut(pair, "=")
		if value == "" || len(name) > longestParameter {
			continue
		}
		var lower [longestParameter]byte
		key := lower[:copy(lower[:], name)]
		toLower(key)
		if into := c.tag(key); into != nil {
			if *into == "" {
				*into = decode(value)
			}
		} else if rank, ok := clickRank[string(key)]; ok && rank < best {
			best, click = rank, Click{Kind: clicks[rank].kind, ID: decode(value)}
		}
	}
	return c, click
}

// longestParameter is the length of the longest name that Query looks for.
const longestParameter = 16

func (c *Campaign) tag(key []byte) *string {
	if len(key) < 4 || string(key[:4]) != "utm_" {
		return nil
	}
	switch string(key[4:]) {
	case "campaign":
		return &c.Name
	case "source":
		return &c.Source
	case "medium":
		return &c.Medium
	case "term":
		return &c.Term
	case "content":
		return &c.Content
	}
	return nil
}

// decode undoes the escapes of a query value; what is no valid escape or no UTF-8 stays readable.
func decode(value string) string {
	if !strings.ContainsAny(value, "%+") {
		return value
	}
	decoded, err := url.QueryUnescape(value)
	if err != nil {
		return value
	}
	return strings.ToValidUTF8(decoded, "\uFFFD")
}

// toLower changes ASCII letters in place.
func toLower(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
}
