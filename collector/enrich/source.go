package enrich

import "strings"

// source is what kind of place a visitor comes from.
type source uint8

const (
	noSource source = iota
	search
	social
	video
	shopping
	assistant
	mail
	texting
	pushing
	partner
	advert
	// adSystem is an advertising product named as utm_source; it always was paid.
	adSystem
	// other is a known place that is neither of these, below a domain that is.
	other
	// passage is a place that visitors only pass through on their way back: sign-in and payment pages.
	passage
)

func (s source) organic() string {
	switch s {
	case search:
		return OrganicSearch
	case social:
		return OrganicSocial
	case video:
		return Video
	case shopping:
		return Shopping
	case assistant:
		return AIAssistant
	case mail:
		return Email
	case texting:
		return SMS
	case pushing:
		return Push
	case partner:
		return Affiliates
	case advert:
		return Display
	}
	return Referral
}

// hostSource tells what a host is, by the longest domain of it that is known.
func hostSource(host string) source {
	for rest := host; rest != ""; {
		if kind, ok := hosts[rest]; ok {
			return kind
		}
		label, parent, found := strings.Cut(rest, ".")
		if !found {
			break
		}
		if kind, ok := brands[label]; ok && topLevel(parent) {
			return kind
		}
		rest = parent
	}
	return noSource
}

// topLevel tells whether what follows a brand's label is a top-level domain: "de", "com", "co.uk", "com.br".
func topLevel(domain string) bool {
	first, second, two := strings.Cut(domain, ".")
	if !two {
		return true
	}
	return len(second) == 2 && (first == "co" || first == "com" || first == "net" || first == "org" || first == "ne" || first == "or")
}

// wordSource tells what a lower-case utm_source is: a word of ours, or a host.
func wordSource(word string) source {
	if kind, ok := words[word]; ok {
		return kind
	}
	if strings.Contains(word, ".") {
		return hostSource(strings.TrimPrefix(word, "www."))
	}
	return brands[word]
}
