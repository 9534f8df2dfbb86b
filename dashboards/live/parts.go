package live

import "fmt"

// rates compares with the sample before. A counter that went back belongs to a process that has started again.
func (s sample) rates(before sample, h *Health) {
	if s.partitions > 0 {
		h.Lag = &s.lag // with no owner nobody counts
	}
	seconds := s.at.Sub(before.at).Seconds()
	if !before.any || seconds <= 0 || seconds > 60 {
		return
	}
	rate := func(now, then float64) *float64 {
		r := max(0, now-then) / seconds
		return &r
	}
	h.Accepted, h.Rejected = rate(s.accepted, before.accepted), rate(s.rejected, before.rejected)
	if n := s.delays - before.delays; n > 0 && s.delay >= before.delay {
		mean := (s.delay - before.delay) / n
		h.Freshness = &mean
	}
}

// collector tells how taking touchpoints in goes.
func (s sample) collector(h Health) Part {
	switch {
	case s.spooled > 0:
		return Part{"Collector", busy, "Takes touchpoints into its spool on disk: " + bytes10(s.spooled) + " wait there."}
	case h.Accepted != nil && *h.Accepted == 0:
		return Part{"Collector", good, "Ready; nothing comes in at the moment."}
	}
	return Part{"Collector", good, "Takes touchpoints in."}
}

// kafka tells whether the log can be reached, as the collector sees it.
func (s sample) kafka() Part {
	if s.kafkaAway {
		return Part{"Kafka", bad, "Does not answer. Nothing is lost: the collector keeps touchpoints on its disk."}
	}
	return Part{"Kafka", good, "Takes records."}
}

// processor tells whether journeys are kept current.
func (s sample) processor() Part {
	says := fmt.Sprintf("%.0f records wait, the oldest for %.0f s.", s.lag, s.lagSeconds)
	switch {
	case s.partitions == 0:
		return Part{"Processor", bad, "Has no partitions: it is starting, or none runs."}
	case s.lagSeconds >= badLag:
		return Part{"Processor", bad, "Far behind: " + says}
	case s.lagSeconds >= slowLag:
		return Part{"Processor", busy, "Catching up: " + says}
	}
	return Part{"Processor", good, "Keeps up."}
}

// store tells whether ClickHouse answers.
func (p *poller) store(s sample) Part {
	switch {
	case p.trouble != "":
		return Part{"ClickHouse", bad, p.trouble + " What is shown is as of its last answer."}
	case s.restarts > 0:
		return Part{"ClickHouse", good, fmt.Sprintf("Answers. The engine was started again %.0f times since this program began.", s.restarts)}
	}
	return Part{"ClickHouse", good, "Answers."}
}

// bytes10 writes a size with one digit behind the point.
func bytes10(n float64) string {
	unit := 0
	units := []string{"B", "kB", "MB", "GB", "TB"}
	for n >= 1000 && unit < len(units)-1 {
		n, unit = n/1000, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%.0f %s", n, units[unit])
	}
	return fmt.Sprintf("%.1f %s", n, units[unit])
}
