package sites

import (
	"crypto/sha256"
	"iter"
	"slices"
)

// Sites is the content of a sites file. It is immutable and safe for concurrent use.
type Sites struct {
	list     []*Site
	byID     map[string]*Site
	byKey    map[string]*Site
	byImport map[[sha256.Size]byte]*Site
	origins  []string // of all sites, each once
}

// Default gives one site "main" with the write key "local", the import key "local-import" and any origin.
func Default() *Sites {
	site := defaults()
	site.ID = "main"
	site.WriteKeys = []string{"local"}
	site.ImportKeys = []string{"local-import"}
	site.Origins = []string{AnyOrigin}
	return index([]*Site{site})
}

func index(list []*Site) *Sites {
	s := &Sites{
		list:     list,
		byID:     make(map[string]*Site, len(list)),
		byKey:    make(map[string]*Site),
		byImport: make(map[[sha256.Size]byte]*Site),
	}
	for _, site := range list {
		s.byID[site.ID] = site
		for _, key := range site.WriteKeys {
			s.byKey[key] = site
		}
		for _, key := range site.ImportKeys {
			s.byImport[sha256.Sum256([]byte(key))] = site
		}
		s.origins = append(s.origins, site.Origins...)
	}
	slices.Sort(s.origins)
	s.origins = slices.Compact(s.origins)
	return s
}

// ByWriteKey gives the site of a write key.
func (s *Sites) ByWriteKey(key string) (*Site, bool) {
	site, ok := s.byKey[key]
	return site, ok
}

// ByImportKey gives the site of an import key. The keys are secret, so digests are looked up: how long the answer
// takes says nothing about how much of a guessed key was right.
func (s *Sites) ByImportKey(key string) (*Site, bool) {
	site, ok := s.byImport[sha256.Sum256([]byte(key))]
	return site, ok
}

// ByID gives the site of an id.
func (s *Sites) ByID(id string) (*Site, bool) {
	site, ok := s.byID[id]
	return site, ok
}

// All gives the sites in the order of the file.
func (s *Sites) All() iter.Seq[*Site] { return slices.Values(s.list) }

// Len is the number of sites.
func (s *Sites) Len() int { return len(s.list) }

// AllowsOrigin says whether any site admits the origin: a CORS preflight does not carry the write key.
func (s *Sites) AllowsOrigin(origin string) bool { return allows(s.origins, origin) }
