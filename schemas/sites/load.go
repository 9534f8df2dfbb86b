package sites

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/throughline/throughline/schemas/stages/yamlfile"
)

// document is the sites file.
type document struct {
	Sites []entry `yaml:"sites"`
}

// entry is one site as written; absent fields keep the defaults.
type entry struct {
	ID               string    `yaml:"id"`
	WriteKeys        []string  `yaml:"write_keys"`
	ImportKeys       []string  `yaml:"import_keys"`
	Origins          *[]string `yaml:"origins"`
	Rules            string    `yaml:"rules"`
	SessionGap       duration  `yaml:"session_gap"`
	SessionMaxLength duration  `yaml:"session_max_length"`
	SplitOnCampaign  bool      `yaml:"split_on_campaign"`
	SplitAtMidnight  string    `yaml:"split_at_midnight"`
	JourneyTimeout   duration  `yaml:"journey_timeout"`
	Cycle            string    `yaml:"cycle"`
	RepeatPurchase   string    `yaml:"repeat_purchase"`
	Currency         string    `yaml:"currency"`
	MaxAge           duration  `yaml:"max_age"`
	Bots             string    `yaml:"bots"`
}

// plain is an entry without its UnmarshalYAML.
type plain entry

// UnmarshalYAML puts the defaults under what the file says.
func (e *entry) UnmarshalYAML(decode func(any) error) error {
	d := defaults()
	*e = entry{
		SessionGap: duration(d.SessionGap), JourneyTimeout: duration(d.JourneyTimeout), MaxAge: duration(d.MaxAge),
		Cycle: d.Cycle, Bots: d.Bots,
	}
	return decode((*plain)(e))
}

func (e *entry) site() *Site {
	origins := []string{AnyOrigin}
	if e.Origins != nil {
		origins = *e.Origins
	}
	if e.RepeatPurchase == "" {
		e.RepeatPurchase = repeatPurchase(e.Cycle)
	}
	return &Site{
		ID: e.ID, WriteKeys: e.WriteKeys, ImportKeys: e.ImportKeys, Origins: origins, Rules: e.Rules,
		SessionGap: time.Duration(e.SessionGap), SessionMaxLength: time.Duration(e.SessionMaxLength),
		SplitOnCampaign: e.SplitOnCampaign, SplitAtMidnight: e.SplitAtMidnight,
		JourneyTimeout: time.Duration(e.JourneyTimeout), Cycle: e.Cycle, RepeatPurchase: e.RepeatPurchase,
		Currency: e.Currency, MaxAge: time.Duration(e.MaxAge), Bots: e.Bots,
	}
}

// repeatPurchase is the default that fits a cycle: where a purchase closes the journey, the next one has to be able to
// close the next journey.
func repeatPurchase(cycle string) string {
	if cycle == CyclePurchase {
		return RepeatPurchase
	}
	return RepeatLoyalty
}

func defaults() *Site {
	const day = 24 * time.Hour
	return &Site{
		SessionGap: 30 * time.Minute, JourneyTimeout: 30 * day, MaxAge: 30 * day,
		Cycle: CycleContinue, RepeatPurchase: RepeatLoyalty, Bots: BotsExclude,
	}
}

// Load reads a sites file. Every error says line, site and field; no error repeats a key's text, since keys may be secret.
func Load(text []byte) (*Sites, error) {
	var doc document
	file, err := yamlfile.Decode("sites file", text, &doc)
	if err != nil {
		return nil, err
	}
	list := make([]*Site, len(doc.Sites))
	for i := range doc.Sites {
		list[i] = doc.Sites[i].site()
	}
	if err := validate(list, file); err != nil {
		return nil, err
	}
	return index(list), nil
}

// LoadFile is Load of a file; rules paths in it are taken relative to its folder.
func LoadFile(path string) (*Sites, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the sites file: %w", err)
	}
	s, err := Load(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, site := range s.list {
		if site.Rules != "" && !filepath.IsAbs(site.Rules) {
			site.Rules = filepath.Join(filepath.Dir(path), site.Rules)
		}
	}
	return s, nil
}
