package alerts

import "time"

// notStored is the share of accepted touchpoints that are not stored. Stored is counted over the same half hour and over one that ends
// now: what came late by a few minutes is there in the second one, and what traffic has fallen since then in the first.
const notStored = `(
  sum by (site) (increase(throughline_collector_accepted_touchpoints_total[30m] offset 5m))
  - (
    (sum by (site) (increase(throughline_processor_stored_touchpoints_total[30m])) > sum by (site) (increase(throughline_processor_stored_touchpoints_total[30m] offset 5m)))
    or sum by (site) (increase(throughline_processor_stored_touchpoints_total[30m] offset 5m))
    or 0 * sum by (site) (increase(throughline_collector_accepted_touchpoints_total[30m] offset 5m))
  )
) / (sum by (site) (increase(throughline_collector_accepted_touchpoints_total[30m] offset 5m)) > 100)`

// symptoms are what users feel: whoever sends events, and whoever asks about them.
func symptoms() []Rule {
	return []Rule{
		{
			Name: "ThroughlineCollectorAbsent", Severity: Page, Dashboard: Pipeline,
			Expr: `count(throughline_collector_requests_in_flight) or vector(0)`, Compare: Below, Threshold: 1, Unit: Number,
			For: 2 * time.Minute, Keep: 2 * time.Minute,
			Summary:     "No collector is there: nobody can send events",
			Description: "Prometheus sees no collector at all. Events that browsers send now are lost unless they keep and repeat them.",
		},
		{
			Name: "ThroughlineEventsRefused", Severity: Page, Dashboard: Pipeline,
			Expr: `sum(rate(throughline_collector_refused_requests_total{reason=~"overloaded|unavailable|internal"}[5m]))
/ sum(rate(throughline_collector_requests_total{route!="other"}[5m]))`,
			Compare: Above, Threshold: 0.01, Unit: Share, For: 2 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "{value} of requests are told to come again later",
			Description: "Collectors cannot make events durable: neither Kafka nor the spool takes them, or more comes in than may wait. Clients that do not repeat lose theirs.",
		},
		{
			Name: "ThroughlineAnswersSlow", Severity: Page, Dashboard: Pipeline,
			Expr:    `histogram_quantile(0.99, sum by (le) (rate(throughline_collector_request_seconds_bucket{route="touchpoints"}[5m])))`,
			Compare: Above, Threshold: 1, Unit: Seconds, For: 5 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "One request in a hundred waits {value} or longer for its answer",
			Description: "An answer comes when Kafka has the events on all in-sync replicas. Browsers that leave a page do not wait so long.",
		},
		{
			Name: "ThroughlineSpoolFilling", Severity: Page, Dashboard: Pipeline,
			Expr:    `throughline_spool_used_bytes / throughline_spool_limit_bytes`,
			Compare: Above, Threshold: 0.7, Unit: Share, For: time.Minute, Keep: 5 * time.Minute,
			Summary:     "The spool of {instance} is {value} full",
			Description: "Kafka does not take what comes in, and the disk space for that is nearly used up. When it is full, requests are answered 503.",
		},
		{
			Name: "ThroughlineProcessorAbsent", Severity: Page, Dashboard: Pipeline,
			Expr: `sum(throughline_processor_assigned_partitions) or vector(0)`, Compare: Below, Threshold: 1, Unit: Number,
			For: 5 * time.Minute, Keep: 2 * time.Minute,
			Summary:     "No processor owns a partition: the tables stand still",
			Description: "Events are accepted and kept in Kafka, but nothing brings them into ClickHouse. They are lost when Kafka's retention ends.",
		},
		{
			Name: "ThroughlineDataStale", Severity: Page, Dashboard: Pipeline,
			Expr:    `max(throughline_processor_lag_seconds{topic="touchpoints.v1"})`,
			Compare: Above, Threshold: 120, Unit: Seconds, For: 3 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "The newest touchpoints are missing: the oldest that waits came {value} ago",
			Description: "Touchpoints wait in Kafka longer than they should. Funnels and dashboards show the past.",
		},
		{
			Name: "ThroughlineAcceptedNotStored", Severity: Page, Dashboard: Pipeline,
			Expr: notStored, Compare: Above, Threshold: 0.05, Unit: Share, For: 10 * time.Minute, Keep: 10 * time.Minute,
			Summary:     "{value} of the touchpoints accepted for {site} are not in the tables",
			Description: "More was acknowledged in half an hour than was stored in it and in the five minutes after it.",
		},
		{
			Name: "ThroughlineRecordsLost", Severity: Page, Dashboard: Pipeline,
			Expr:    happened("throughline_processor_lost_records_total", "topic", "1h"),
			Compare: Above, Threshold: 0, Unit: Number, For: 30 * time.Second, Keep: 15 * time.Minute,
			Summary:     "{value} records of {topic} are lost to the tables",
			Description: "Kafka removed records before a processor had read them: its retention is shorter than the time for which nothing was read.",
		},
		{
			Name: "ThroughlineDiskFilling", Severity: Page, Dashboard: Pipeline,
			Expr:    `throughline_disk_free_bytes / throughline_disk_size_bytes`,
			Compare: Below, Threshold: 0.1, Unit: Share, For: 5 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "Only {value} of the disk with the {folder} folder of {instance} is free",
			Description: "Without room the spool takes nothing, the state cannot be written, and flushes stop.",
		},
		{
			Name: "ClickHouseDiskFilling", Severity: Page, Dashboard: Store,
			Expr:    `min by (disk) (throughline_clickhouse_disk_free_bytes / throughline_clickhouse_disk_size_bytes)`,
			Compare: Below, Threshold: 0.1, Unit: Share, For: 5 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "Only {value} of ClickHouse's disk {disk} is free",
			Description: "When it is full ClickHouse refuses inserts and merges, and the tables stand still. Touchpoints then wait in Kafka.",
		},
	}
}
