package processor

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/schemas/stages"
)

// otherSite stands for every site that the sites file does not have: a label must not grow with what is in the topic.
const otherSite = "other"

// lateAfter is how long after it occurred a touchpoint counts as late, in microseconds: past the usual session gap it can change
// sessions that were there.
const lateAfter = 30 * 60 * 1_000_000

// siteMetrics count touchpoints by site and stage.
type siteMetrics struct {
	collectors []prometheus.Collector
	sites      map[string]*siteCounters
}

type siteCounters struct {
	stored, entries [stages.Last + 1]prometheus.Counter
	late            prometheus.Counter
}

func newSiteMetrics(rules *rulebook) *siteMetrics {
	vector := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, labels)
	}
	stored := vector("stored_touchpoints_total", "Touchpoints of finished flushes, duplicates included; to compare with those accepted.", "site", "stage")
	entries := vector("stage_entries_total", "Steps into a stage that were written; a repaired one counts again.", "site", "stage")
	late := vector("late_touchpoints_total", "Touchpoints received more than 30 minutes after they occurred; imports do not count.", "site")
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "rules_info", Help: "1, with the version of the stage rules of each site.",
	}, []string{"site", "version"})
	m := &siteMetrics{collectors: []prometheus.Collector{stored, entries, late, info}, sites: map[string]*siteCounters{}}
	add := func(site string, r *siteRules) {
		c := &siteCounters{late: late.WithLabelValues(site)}
		for s := range c.stored {
			c.stored[s] = stored.WithLabelValues(site, stageLabel(stages.Stage(s)))
		}
		for s := stages.Awareness; s <= stages.Last; s++ {
			c.entries[s] = entries.WithLabelValues(site, stageLabel(s))
		}
		info.WithLabelValues(site, r.rules.Version()).Set(1)
		m.sites[site] = c
	}
	for site, r := range rules.sites {
		add(site, r)
	}
	if m.sites[otherSite] == nil {
		add(otherSite, rules.other)
	}
	return m
}

func stageLabel(s stages.Stage) string {
	if s == stages.None {
		return "none"
	}
	return s.String()
}

func (m *siteMetrics) of(site string) *siteCounters {
	if c := m.sites[site]; c != nil {
		return c
	}
	return m.sites[otherSite]
}

// flushed counts what a partition gave to a flush. Neighbours are mostly of one site.
func (m *siteMetrics) flushed(p *portion) {
	var site string
	var c *siteCounters
	for _, items := range p.pending.chunks {
		for i := range items {
			if items[i].record != nil {
				continue // about ids
			}
			row := &items[i].row
			if c == nil || row.Site != site {
				site, c = row.Site, m.of(row.Site)
			}
			c.stored[row.Stage].Inc()
			if row.ReceivedAt-row.OccurredAt*1000 > lateAfter && row.Source != sourceImport {
				c.late.Inc()
			}
		}
	}
	for i := range p.batch.Transitions {
		if t := &p.batch.Transitions[i]; !t.Deleted && t.To != stages.None {
			m.of(t.Customer.Site).entries[t.To].Inc()
		}
	}
}
