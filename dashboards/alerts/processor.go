package alerts

import "time"

func processorCauses() []Rule {
	return []Rule{
		{
			Name: "ThroughlineLagGrowing", Severity: Warn, Dashboard: Pipeline,
			Expr: `sum by (topic) (deriv(throughline_processor_lag_records[15m]))
and (sum by (topic) (throughline_processor_lag_records) > 10000)`,
			Compare: Above, Threshold: 0, Unit: Number, For: 15 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "The backlog of {topic} grows by {value} records a second",
			Description: "Processors take less out of Kafka than collectors put in. The newest touchpoints come later and later into the tables.",
		},
		{
			Name: "ThroughlineFlushRetries", Severity: Warn, Dashboard: Pipeline,
			Expr:    `sum by (cause) (increase(throughline_processor_flush_retries_total[10m]))`,
			Compare: Above, Threshold: 3, Unit: Number, For: 5 * time.Minute, Keep: 10 * time.Minute,
			Summary:     "Flushes wait for {cause}: {value} attempts in ten minutes",
			Description: "A flush is repeated until it succeeds. Meanwhile nothing new is written.",
		},
		{
			Name: "ThroughlineInsertErrors", Severity: Warn, Dashboard: Store,
			Expr:    `sum by (table, class) (rate(throughline_store_errors_total[10m]))`,
			Compare: Above, Threshold: 0.02, Unit: Number, For: 10 * time.Minute, Keep: 10 * time.Minute,
			Summary:     "{value} INSERTs a second into {table} fail ({class})",
			Description: "retry passes by itself when ClickHouse is well again; fatal needs an operator: tables, user or settings; reject is rows that ClickHouse never takes.",
		},
		{
			Name: "ThroughlineDeadLetters", Severity: Warn, Dashboard: DataQuality,
			Expr:    happened("throughline_processor_dead_letters_total", "reason", "1h"),
			Compare: Above, Threshold: 0, Unit: Number, For: 30 * time.Second, Keep: 30 * time.Minute,
			Summary:     "{value} records went to the dead letter ({reason})",
			Description: "They were accepted and are not in the tables. They are kept with their bytes and can be sent again.",
		},
		{
			Name: "ThroughlineSpoolDeadLetters", Severity: Warn, Dashboard: DataQuality,
			Expr:    happened("throughline_collector_dead_letters_total", "reason", "1h"),
			Compare: Above, Threshold: 0, Unit: Number, For: 30 * time.Second, Keep: 30 * time.Minute,
			Summary:     "{value} spooled records can never be sent ({reason})",
			Description: "Kafka refuses them, or they cannot be read. They are kept in the dead letter.",
		},
		{
			Name: "ThroughlineRebalancing", Severity: Warn, Dashboard: Pipeline,
			Expr:    `sum by (instance) (increase(throughline_processor_generations_total[30m]))`,
			Compare: Above, Threshold: 6, Unit: Number, For: 5 * time.Minute, Keep: 15 * time.Minute,
			Summary:     "{instance} was given partitions {value} times in half an hour",
			Description: "Processors come and go, or are taken for dead. Each time all of them stop and read again.",
		},
		{
			Name: "ThroughlineFetchErrors", Severity: Warn, Dashboard: Pipeline,
			Expr:    `sum by (instance) (rate(throughline_processor_fetch_errors_total[5m]))`,
			Compare: Above, Threshold: 0.5, Unit: Number, For: 10 * time.Minute, Keep: 10 * time.Minute,
			Summary:     "{value} fetches a second of {instance} fail",
			Description: "The processor cannot read from Kafka: a broker is away, or a batch in the log is damaged.",
		},
		{
			Name: "ThroughlineOrphanedRows", Severity: Warn, Dashboard: Pipeline,
			Expr:    `sum(increase(throughline_processor_orphaned_rows_total[1h]))`,
			Compare: Above, Threshold: 1000, Unit: Number, For: 5 * time.Minute, Keep: 15 * time.Minute,
			Summary:     "{value} rows of flushes that were cut off were removed within an hour",
			Description: "That is as it should be after a crash, and not every hour.",
		},
		{
			Name: "ThroughlineRulesDiffer", Severity: Warn, Dashboard: DataQuality,
			Expr:    `count by (site) (count by (site, version) (throughline_processor_rules_info))`,
			Compare: Above, Threshold: 1, Unit: Number, For: 30 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "Processors work with {value} versions of the stage rules of {site}",
			Description: "Which stage a touchpoint gets depends on the processor that reads it.",
		},
		{
			Name: "ThroughlineEngineRestarts", Severity: Warn, Dashboard: Store,
			Expr:    happened("throughline_engine_restarts_total", "instance", "1h"),
			Compare: Above, Threshold: 1, Unit: Number, For: 30 * time.Second, Keep: 30 * time.Minute,
			Summary:     "The embedded ClickHouse engine of {instance} has died {value} times within an hour",
			Description: "It is started again each time, and flushes are repeated. Memory is the usual reason.",
		},
	}
}
