package boards

import "github.com/throughline/throughline/dashboards/internal/grafana"

func processPanels() []grafana.Panel {
	return []grafana.Panel{
		lines(40, "Touchpoints stored, by stage", "cps", "A stage that stops while the others go on has lost its event or its rule.", prom(`sum by (stage) (rate(throughline_processor_stored_touchpoints_total{@}[]))`, "{{stage}}")),
		lines(41, "Duplicates and late ones", "cps", "Duplicates change nothing. Late ones, by more than 30 minutes, rewrite journeys after the fact.",
			prom(`sum(rate(throughline_processor_duplicates_total{@}[]))`, "duplicates"), prom(`sum(rate(throughline_processor_late_touchpoints_total{@}[]))`, "late")),
		lines(42, "Records of a flush", "short", "Large flushes are efficient; they are small when little comes in.", quantiles("throughline_processor_flush_records", "")...),
		lines(43, "Steps of a flush, p99", seconds, "store is ClickHouse's time, state and commit are disk and Kafka.", p99("throughline_processor_flush_step_seconds", "step")),
		lines(44, "Repeated flushes", "cps", "What was waited for. Nothing is lost: events wait in Kafka.", prom(`sum by (cause) (rate(throughline_processor_flush_retries_total{@}[]))`, "{{cause}}")),
		lines(45, "Dead letters by reason", "short", "Kept with reason and bytes in the topic and table of rejected events.", prom(`sum by (reason) (increase(throughline_processor_dead_letters_total{@}[]))`, "{{reason}}")),
		lines(46, "Repairs", "short", "What late touchpoints and replays changed after the fact.",
			prom(`sum(increase(throughline_processor_merged_sessions_total{@}[]))`, "sessions merged"), prom(`sum(increase(throughline_processor_rewritten_journeys_total{@}[]))`, "journeys rewritten"),
			prom(`sum(increase(throughline_processor_orphaned_rows_total{@}[]))`, "orphaned rows"), prom(`sum(increase(throughline_processor_reconciled_customers_total{@}[]))`, "customers reconciled")),
		lines(47, "Partitions owned", "short", "By processor. The sum must be that of all partitions.", prom(`sum by (instance) (throughline_processor_assigned_partitions{@})`, "{{instance}}")),
	}
}

func clickhousePanels() []grafana.Panel {
	return []grafana.Panel{
		lines(50, "Rows written", "cps", "Acknowledged rows by table.", prom(`sum by (table) (rate(throughline_store_rows_total{@}[]))`, "{{table}}")),
		lines(51, "Time of an INSERT, p99", seconds, "From sending to the acknowledgement.", p99("throughline_store_insert_seconds", "table")),
		lines(52, "Failed INSERTs", "cps", "retry are repeated; reject gives the row to the dead letter; fatal needs a person.", prom(`sum by (class) (rate(throughline_store_errors_total{@}[]))`, "{{class}}")),
		lines(53, "Delayed and rejected inserts", "cps", "ClickHouse slows inserts down, then refuses them, when parts pile up: Store shows them.",
			prom(`max(rate(throughline_clickhouse_delayed_inserts_total{@}[]))`, "delayed"), prom(`max(rate(throughline_clickhouse_rejected_inserts_total{@}[]))`, "rejected")),
	}
}

func endPanels() []grafana.Panel {
	balance := lines(61, "Accepted minus stored", "short", "Over the last hour. It goes up while something waits and must return to 0; duplicates are in both. What stays is on its way: look at spool and lag.",
		prom(`sum by (site) (increase(throughline_collector_accepted_touchpoints_total{@}[1h])) - sum by (site) (increase(throughline_processor_stored_touchpoints_total{@}[1h]))`, "{{site}}"))
	balance.Min = nil
	all := []grafana.Panel{
		lines(60, "Receipt to queryable", seconds, "From receipt at the collector until the row can be queried.", quantiles("throughline_processor_event_to_queryable_seconds", "")...),
		balance,
		lines(62, "Oldest unprocessed touchpoint", seconds, "0 when everything is in the tables.", prom(`max(throughline_processor_lag_seconds{@})`, "in Kafka"), prom(`max(throughline_spool_oldest_age_seconds{@})`, "in the spool")),
	}
	for i := range all {
		all[i].Width = 8
	}
	return all
}

func healthPanels() []grafana.Panel {
	return []grafana.Panel{
		lines(70, "Processor time", "short", "Cores in use.", prom(`rate(process_cpu_seconds_total{@}[])`, "{{job}} {{instance}}")),
		lines(71, "Memory, and the limit", "bytes", "Resident memory. At the limit the kernel kills the process; it starts again where it was.",
			prom(`process_resident_memory_bytes{@}`, "{{job}} {{instance}}"), prom(`min by (job) (throughline_process_memory_limit_bytes{@})`, "limit {{job}}")),
		lines(72, "Goroutines", "short", "Growing without end is a fault of ours: please report it.", prom(`go_goroutines{@}`, "{{job}} {{instance}}")),
		lines(73, "Free disk", share, "Of the folders of data, spool and state.", prom(`min by (instance, folder) (throughline_disk_free_bytes{@} / throughline_disk_size_bytes{@})`, "{{instance}} {{folder}}")),
		lines(74, "Up since", "dateTimeFromNow", "When each process started.", prom(`process_start_time_seconds{@} * 1000`, "{{job}} {{instance}}")),
		lines(75, "Open connections, and the limit", "short", "Of clients to the collector.",
			prom(`sum by (instance) (throughline_collector_connections{@})`, "{{instance}}"), prom(`min by (instance) (throughline_collector_connections_limit{@})`, "limit {{instance}}")),
		lines(76, "State on disk", "bytes", "What the processor remembers of customers; a cache of what ClickHouse has.", prom(`sum by (instance) (throughline_state_disk_bytes{@})`, "{{instance}}")),
		lines(77, "State read from memory", share, "Share of reads of the state that the block cache answered.",
			prom(`sum(rate(throughline_state_cache_hits_total{@}[])) / clamp_min(sum(rate(throughline_state_cache_hits_total{@}[])) + sum(rate(throughline_state_cache_misses_total{@}[])), 1e-9)`, "hits")),
	}
}
