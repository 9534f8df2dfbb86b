package alerts

import "time"

// causes are troubles of our own parts that users may not feel yet.
func causes() []Rule {
	return append(collectorCauses(), processorCauses()...)
}

func collectorCauses() []Rule {
	return []Rule{
		{
			Name: "ThroughlineTargetDown", Severity: Warn, Dashboard: Pipeline,
			Expr: `up{job=~"throughline.*"}`, Compare: Below, Threshold: 1, Unit: Number, For: 5 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "{instance} of {job} does not answer",
			Description: "Prometheus cannot read the metrics of one process. The others do its work.",
		},
		{
			Name: "ThroughlineRestarting", Severity: Warn, Dashboard: Pipeline,
			Expr: `changes(process_start_time_seconds{job=~"throughline.*"}[1h])`, Compare: Above, Threshold: 3, Unit: Number,
			For: time.Minute, Keep: 15 * time.Minute,
			Summary:     "{instance} of {job} has started {value} times within an hour",
			Description: "A process ends again and again. Nothing acknowledged is lost by that, but each start costs a replay.",
		},
		{
			Name: "ThroughlineMemoryHigh", Severity: Warn, Dashboard: Pipeline,
			Expr:    `process_resident_memory_bytes / on (job, instance) throughline_process_memory_limit_bytes`,
			Compare: Above, Threshold: 0.9, Unit: Share, For: 10 * time.Minute, Keep: 10 * time.Minute,
			Summary:     "{instance} of {job} uses {value} of the memory it may take",
			Description: "A process at its limit is killed by the system, and started again by whatever runs it.",
		},
		{
			Name: "ThroughlineOpenFilesHigh", Severity: Warn, Dashboard: Pipeline,
			Expr:    `process_open_fds{job=~"throughline.*"} / process_max_fds{job=~"throughline.*"}`,
			Compare: Above, Threshold: 0.8, Unit: Share, For: 5 * time.Minute, Keep: 10 * time.Minute,
			Summary:     "{instance} of {job} has {value} of the files open that it may have",
			Description: "Connections and files share one limit. Past it neither clients nor disks are served.",
		},
		{
			Name: "ThroughlineKafkaAway", Severity: Warn, Dashboard: Pipeline,
			Expr:    `throughline_collector_kafka_available`,
			Compare: Below, Threshold: 1, Unit: Number, For: 2 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "Kafka does not take records of {instance}: events go into its spool",
			Description: "Events are still accepted and durable, on the collector's own disk, until that is full.",
		},
		{
			Name: "ThroughlineSpoolOld", Severity: Warn, Dashboard: Pipeline,
			Expr:    `throughline_spool_oldest_age_seconds`,
			Compare: Above, Threshold: 600, Unit: Seconds, For: 5 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "Events have been in the spool of {instance} for {value}",
			Description: "They are durable and not yet in Kafka: nobody can query them.",
		},
		{
			Name: "ThroughlineSpoolDamaged", Severity: Warn, Dashboard: Pipeline,
			Expr:    happened("throughline_spool_quarantined_segments_total", "instance", "1h"),
			Compare: Above, Threshold: 0, Unit: Number, For: 30 * time.Second, Keep: 30 * time.Minute,
			Summary:     "{value} damaged segments in the spool of {instance} were set aside",
			Description: "A disk gave back other bytes than it was given. Intact events of those segments are kept, the rest is in files named *.corrupt.",
		},
		{
			Name: "ThroughlineProduceErrors", Severity: Warn, Dashboard: Pipeline,
			Expr:    `sum by (topic, reason) (rate(throughline_publish_errors_total[5m]))`,
			Compare: Above, Threshold: 0.1, Unit: Number, For: 10 * time.Minute, Keep: 10 * time.Minute,
			Summary:     "{value} attempts a second to write to {topic} fail ({reason})",
			Description: "Collectors repeat what fails. It costs time, and when it lasts events go into the spool.",
		},
		{
			Name: "ThroughlineProduceBufferFull", Severity: Warn, Dashboard: Pipeline,
			Expr:    `throughline_publish_buffered_bytes / throughline_publish_buffered_limit_bytes`,
			Compare: Above, Threshold: 0.8, Unit: Share, For: 2 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "The buffer for {topic} of {instance} is {value} full",
			Description: "More comes in than Kafka takes. When it is full, requests are answered 429.",
		},
		{
			Name: "ThroughlineClientsLimited", Severity: Warn, Dashboard: Pipeline,
			Expr:    `sum by (limit) (rate(throughline_collector_limited_requests_total[5m]))`,
			Compare: Above, Threshold: 1, Unit: Number, For: 10 * time.Minute, Keep: 10 * time.Minute,
			Summary:     "{value} requests a second are refused by the {limit} limit",
			Description: "Somebody sends more than the configuration allows, or the allowance is too small.",
		},
		{
			Name: "ThroughlineRejectedShareHigh", Severity: Warn, Dashboard: DataQuality,
			Expr: `sum by (site) (rate(throughline_collector_events_total{verdict="rejected"}[15m]))
/ (sum by (site) (rate(throughline_collector_events_total[15m])) > 0.1)`,
			Compare: Above, Threshold: 0.1, Unit: Share, For: 15 * time.Minute, Keep: 15 * time.Minute,
			Summary:     "{value} of the events of {site} are rejected",
			Description: "The site sends something else than it did. Rejected events are kept with the reason and their bytes.",
		},
		{
			Name: "ThroughlineBrokerDiskFailed", Severity: Warn, Dashboard: Pipeline,
			Expr: `throughline_broker_up`, Compare: Below, Threshold: 1, Unit: Number, For: 30 * time.Second, Keep: 5 * time.Minute,
			Summary:     "The embedded broker of {instance} cannot write to its disk",
			Description: "It acknowledges nothing until it is started again. Events go into the spool meanwhile.",
		},
	}
}
