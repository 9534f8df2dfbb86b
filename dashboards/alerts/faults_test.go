package alerts_test

import "fmt"

const (
	collector = `job="throughline-collector", instance="c"`
	processor = `job="throughline-processor", instance="p"`
)

// of names a series of the collector or the processor.
func of(target, metric, labels string) string {
	if labels != "" {
		labels = ", " + labels
	}
	return metric + "{" + target + labels + "}"
}

func c(metric, labels string) string { return of(collector, "throughline_"+metric, labels) }
func p(metric, labels string) string { return of(processor, "throughline_"+metric, labels) }

// healthy is two hours of a pipeline that does well, at 10 touchpoints a second, in steps of a minute.
func healthy() series {
	s := series{
		`up{` + collector + `}`: "1x120", `up{` + processor + `}`: "1x120",
		of(collector, "process_start_time_seconds", ""):                         "1000x120",
		of(collector, "process_resident_memory_bytes", ""):                      "100x120",
		c("process_memory_limit_bytes", ""):                                     "1000x120",
		of(collector, "process_open_fds", ""):                                   "10x120",
		of(collector, "process_max_fds", ""):                                    "1000x120",
		c("collector_requests_in_flight", ""):                                   "3x120",
		c("collector_requests_total", `route="touchpoints", status="2xx"`):      "0+600x120",
		c("collector_refused_requests_total", `reason="unavailable"`):           "0x120",
		c("collector_refused_requests_total", `reason="unknown_key"`):           "0+300x120", // somebody's wrong key is not our trouble
		c("collector_request_seconds_bucket", `route="touchpoints", le="0.01"`): "0+590x120",
		c("collector_request_seconds_bucket", `route="touchpoints", le="1"`):    "0+600x120",
		c("collector_request_seconds_bucket", `route="touchpoints", le="10"`):   "0+600x120",
		c("collector_request_seconds_bucket", `route="touchpoints", le="+Inf"`): "0+600x120",
		c("collector_accepted_touchpoints_total", `site="main"`):                "0+600x120",
		c("collector_events_total", `site="main", verdict="accepted"`):          "0+600x120",
		c("collector_events_total", `site="main", verdict="rejected"`):          "0+6x120",
		c("collector_kafka_available", ""):                                      "1x120",
		c("collector_limited_requests_total", `limit="client"`):                 "0x120",
		c("collector_dead_letters_total", `reason="refused_by_broker"`):         "0x120",
		c("publish_errors_total", `topic="touchpoints.v1", reason="timeout"`):   "0x120",
		c("publish_buffered_bytes", `topic="touchpoints.v1"`):                   "10x120",
		c("publish_buffered_limit_bytes", `topic="touchpoints.v1"`):             "1000x120",
		c("spool_used_bytes", ""):                                               "0x120", c("spool_limit_bytes", ""): "1000x120",
		c("spool_oldest_age_seconds", ""): "0x120", c("spool_quarantined_segments_total", ""): "0x120",
		c("disk_free_bytes", `folder="spool"`): "800x120", c("disk_size_bytes", `folder="spool"`): "1000x120",
		p("processor_assigned_partitions", ""):                                 "4x120",
		p("processor_lag_seconds", `topic="touchpoints.v1", partition="0"`):    "0.4x120",
		p("processor_lag_records", `topic="touchpoints.v1", partition="0"`):    "5x120",
		p("processor_stored_touchpoints_total", `site="main", stage="none"`):   "0+200x120",
		p("processor_stored_touchpoints_total", `site="main", stage="intent"`): "0+400x120",
		p("processor_late_touchpoints_total", `site="main"`):                   "0+6x120",
		p("processor_lost_records_total", `topic="touchpoints.v1"`):            "0x120",
		p("processor_flush_retries_total", `cause="clickhouse"`):               "0x120",
		p("processor_dead_letters_total", `reason="undecodable"`):              "0x120",
		p("processor_generations_total", ""):                                   "1x120",
		p("processor_fetch_errors_total", ""):                                  "0x120",
		p("processor_orphaned_rows_total", ""):                                 "0x120",
		p("processor_rules_info", `site="main", version="1"`):                  "1x120",
		p("store_errors_total", `table="touchpoints_log", class="retry"`):      "0x120",
		p("engine_restarts_total", ""):                                         "0x120",
		p("broker_up", ""):                                                     "1x120",
		p("kafka_up", ""):                                                      "1x120",
		p("clickhouse_up", ""):                                                 "1x120",
		p("clickhouse_rejected_inserts_total", ""):                             "7x120",
		p("clickhouse_delayed_inserts_total", ""):                              "7x120",
		p("clickhouse_partition_parts_max", ""):                                "20x120",
		p("clickhouse_readonly_replicas", ""):                                  "0x120",
		p("clickhouse_replication_queue", ""):                                  "3x120",
		p("clickhouse_disk_free_bytes", `disk="default"`):                      "800x120",
		p("clickhouse_disk_size_bytes", `disk="default"`):                      "1000x120",
		p("kafka_offline_partitions", `topic="touchpoints.v1"`):                "0x120",
		p("kafka_underreplicated_partitions", `topic="touchpoints.v1"`):        "0x120",
	}
	return s
}

// from is a value that changes to another one after an hour.
func from(before, after string) string { return fmt.Sprintf("%sx59 %sx60", before, after) }

// rising is a counter that rises by so much a minute after an hour at 0.
func rising(by int) string { return fmt.Sprintf("0x59 0+%dx60", by) }

// once is a counter that goes from 0 to a value after an hour, and stays there.
func once(n int) string { return from("0", fmt.Sprint(n)) }

// faults happen after an hour.
func faults() []fault {
	return append(symptomFaults(), append(causeFaults(), serverFaults()...)...)
}

func symptomFaults() []fault {
	return []fault{
		{alert: "ThroughlineCollectorAbsent", silent: 59, fires: 70, series: series{c("collector_requests_in_flight", ""): "3x59 stale"}},
		{alert: "ThroughlineEventsRefused", silent: 60, fires: 70,
			series: series{c("collector_refused_requests_total", `reason="unavailable"`): rising(20)}},
		{alert: "ThroughlineAnswersSlow", silent: 62, fires: 75, series: series{
			c("collector_request_seconds_bucket", `route="touchpoints", le="1"`): "0+600x59 35400+500x60",
		}},
		{alert: "ThroughlineSpoolFilling", silent: 60, fires: 65, labels: `instance="c"`,
			series: series{c("spool_used_bytes", ""): from("0", "750")}},
		{alert: "ThroughlineProcessorAbsent", silent: 64, fires: 68, series: series{p("processor_assigned_partitions", ""): from("4", "0")}},
		{alert: "ThroughlineProcessorAbsent", silent: 64, fires: 72, series: series{p("processor_assigned_partitions", ""): "4x59 stale"}},
		{alert: "ThroughlineDataStale", silent: 62, fires: 66,
			series: series{p("processor_lag_seconds", `topic="touchpoints.v1", partition="0"`): "0x59 60+60x60"}},
		// A processor that counts on but leaves out what is without a stage.
		{alert: "ThroughlineAcceptedNotStored", silent: 66, fires: 95, labels: `site="main"`,
			series: series{p("processor_stored_touchpoints_total", `site="main", stage="none"`): "0+200x59 11800x60"}},
		{alert: "ThroughlineRecordsLost", silent: 59, fires: 63, labels: `topic="touchpoints.v1"`,
			series: series{p("processor_lost_records_total", `topic="touchpoints.v1"`): once(17)}},
		// Lost before the first scrape of a new process.
		{alert: "ThroughlineRecordsLost", silent: 59, fires: 63, labels: `topic="touchpoints.v1"`, series: series{
			p("processor_lost_records_total", `topic="touchpoints.v1"`): "_x60 17x60",
		}},
		{alert: "ThroughlineDiskFilling", silent: 62, fires: 68, labels: `folder="spool", instance="c"`,
			series: series{c("disk_free_bytes", `folder="spool"`): from("800", "90")}},
		{alert: "ClickHouseDiskFilling", silent: 62, fires: 68, labels: `disk="default"`,
			series: series{p("clickhouse_disk_free_bytes", `disk="default"`): from("800", "90")}},
	}
}

func causeFaults() []fault {
	return []fault{
		{alert: "ThroughlineTargetDown", silent: 63, fires: 70, labels: `job="throughline-processor"`, series: series{`up{` + processor + `}`: from("1", "0")}},
		{alert: "ThroughlineRestarting", silent: 63, fires: 75,
			series: series{of(collector, "process_start_time_seconds", ""): "1000x59 2000 3000 4000 5000 6000x60"}},
		{alert: "ThroughlineMemoryHigh", silent: 66, fires: 75, series: series{of(collector, "process_resident_memory_bytes", ""): from("100", "950")}},
		{alert: "ThroughlineOpenFilesHigh", silent: 62, fires: 70, series: series{of(collector, "process_open_fds", ""): from("10", "900")}},
		{alert: "ThroughlineKafkaAway", silent: 60, fires: 65, series: series{c("collector_kafka_available", ""): from("1", "0")}},
		{alert: "ThroughlineSpoolOld", silent: 68, fires: 80, series: series{c("spool_oldest_age_seconds", ""): "0x59 60+60x60"}},
		{alert: "ThroughlineSpoolDamaged", silent: 59, fires: 63, series: series{c("spool_quarantined_segments_total", ""): once(1)}},
		{alert: "ThroughlineProduceErrors", silent: 66, fires: 80, labels: `topic="touchpoints.v1", reason="timeout"`,
			series: series{c("publish_errors_total", `topic="touchpoints.v1", reason="timeout"`): rising(30)}},
		{alert: "ThroughlineProduceBufferFull", silent: 60, fires: 65, series: series{c("publish_buffered_bytes", `topic="touchpoints.v1"`): from("10", "900")}},
		{alert: "ThroughlineClientsLimited", silent: 66, fires: 80, labels: `limit="client"`,
			series: series{c("collector_limited_requests_total", `limit="client"`): rising(120)}},
		{alert: "ThroughlineRejectedShareHigh", silent: 66, fires: 100, labels: `site="main"`,
			series: series{c("collector_events_total", `site="main", verdict="rejected"`): "0+6x59 360+200x60"}},
		{alert: "ThroughlineBrokerDiskFailed", silent: 59, fires: 63, series: series{p("broker_up", ""): from("1", "0")}},
		{alert: "ThroughlineLagGrowing", silent: 70, fires: 100, labels: `topic="touchpoints.v1"`,
			series: series{p("processor_lag_records", `topic="touchpoints.v1", partition="0"`): "0x59 0+2000x60"}},
		{alert: "ThroughlineFlushRetries", silent: 61, fires: 75, labels: `cause="clickhouse"`,
			series: series{p("processor_flush_retries_total", `cause="clickhouse"`): rising(12)}},
		{alert: "ThroughlineInsertErrors", silent: 66, fires: 80,
			series: series{p("store_errors_total", `table="touchpoints_log", class="retry"`): rising(12)}},
		{alert: "ThroughlineDeadLetters", silent: 59, fires: 63, labels: `reason="undecodable"`,
			series: series{p("processor_dead_letters_total", `reason="undecodable"`): once(1)}},
		{alert: "ThroughlineSpoolDeadLetters", silent: 59, fires: 63, series: series{c("collector_dead_letters_total", `reason="refused_by_broker"`): once(1)}},
		{alert: "ThroughlineRebalancing", silent: 61, fires: 80, series: series{p("processor_generations_total", ""): "1x59 1+1x60"}},
		{alert: "ThroughlineFetchErrors", silent: 66, fires: 80, series: series{p("processor_fetch_errors_total", ""): rising(60)}},
		{alert: "ThroughlineOrphanedRows", silent: 62, fires: 70, series: series{p("processor_orphaned_rows_total", ""): once(5000)}},
		{alert: "ThroughlineRulesDiffer", silent: 85, fires: 95, series: series{p("processor_rules_info", `site="main", version="2"`): "_x60 1x60"}},
		{alert: "ThroughlineEngineRestarts", silent: 59, fires: 63, series: series{p("engine_restarts_total", ""): once(3)}},
	}
}

func serverFaults() []fault {
	return []fault{
		{alert: "KafkaOfflinePartitions", silent: 59, fires: 63, series: series{p("kafka_offline_partitions", `topic="touchpoints.v1"`): from("0", "2")}},
		{alert: "KafkaUnderReplicatedPartitions", silent: 66, fires: 75,
			series: series{p("kafka_underreplicated_partitions", `topic="touchpoints.v1"`): from("0", "2")}},
		{alert: "KafkaDown", silent: 60, fires: 65, series: series{p("kafka_up", ""): from("1", "0")}},
		{alert: "ClickHouseDown", silent: 60, fires: 65, series: series{p("clickhouse_up", ""): from("1", "0")}},
		{alert: "ClickHouseRejectedInserts", silent: 59, fires: 63, series: series{p("clickhouse_rejected_inserts_total", ""): from("7", "9")}},
		{alert: "ClickHouseDelayedInserts", silent: 61, fires: 70, series: series{p("clickhouse_delayed_inserts_total", ""): "7x59 7+5x60"}},
		{alert: "ClickHouseTooManyParts", silent: 66, fires: 75, series: series{p("clickhouse_partition_parts_max", ""): from("20", "700")}},
		{alert: "ClickHouseReplicasInReadOnly", silent: 62, fires: 70, series: series{p("clickhouse_readonly_replicas", ""): from("0", "1")}},
		{alert: "ClickHouseReplicationQueueBackingUp", silent: 66, fires: 75, series: series{p("clickhouse_replication_queue", ""): from("3", "500")}},
		{alert: "ThroughlineLateShareHigh", silent: 75, fires: 115, labels: `site="main"`,
			series: series{p("processor_late_touchpoints_total", `site="main"`): "0+6x59 360+400x60"}},
	}
}

// Four weeks in steps of half an hour: 1,344.
const accepted = "collector_accepted_touchpoints_total"

// weeks is a site that does the same every day; only what looks back is in it, and what must be there.
func weeks() series {
	return series{
		c("collector_requests_in_flight", ""): "3x1344", p("processor_assigned_partitions", ""): "4x1344",
		c(accepted, `site="main"`): "0+1800x1344",
		p("processor_stored_touchpoints_total", `site="main", stage="none"`):   "0+600x1344",
		p("processor_stored_touchpoints_total", `site="main", stage="intent"`): "0+1200x1344",
		p("processor_stage_entries_total", `site="main", stage="intent"`):      "0+150x1344",
	}
}

// weeklyFaults happen after 27 days: step 1296, minute 38880.
func weeklyFaults() []fault {
	change := func(before, after int) string {
		return fmt.Sprintf("0+%dx1296 %d+%dx48", before, before*1296, after)
	}
	return []fault{
		{alert: "ThroughlineTrafficLow", silent: 38880, fires: 39060, labels: `site="main"`, series: series{
			c(accepted, `site="main"`): change(1800, 180),
		}},
		{alert: "ThroughlineStageEntriesLow", silent: 38880, fires: 39060, labels: `site="main", stage="intent"`, series: series{
			p("processor_stage_entries_total", `site="main", stage="intent"`): change(150, 30),
		}},
		{alert: "ThroughlineStageEntriesHigh", silent: 38880, fires: 39060, labels: `site="main", stage="intent"`, series: series{
			p("processor_stage_entries_total", `site="main", stage="intent"`): change(150, 600),
		}},
		{alert: "ThroughlineUnmatchedShareHigh", silent: 38880, fires: 39060, labels: `site="main"`, series: series{
			p("processor_stored_touchpoints_total", `site="main", stage="none"`):   change(600, 1200),
			p("processor_stored_touchpoints_total", `site="main", stage="intent"`): change(1200, 600),
		}},
	}
}
