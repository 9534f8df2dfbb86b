package boards

import "github.com/throughline/throughline/dashboards/internal/grafana"

func store() grafana.Board {
	return grafana.Board{
		UID: prefix + "store", Title: "Store", Source: grafana.Prometheus, Since: "now-6h", Refresh: "1m",
		Summary:   "How ClickHouse and Kafka do as the processors see them: parts, merges, inserts, disk, replicas, and lag by partition.",
		Variables: promVariables(), Annotations: promMarks(),
		Rows: []grafana.Row{
			{Panels: storeTiles()},
			{ID: 100, Title: "ClickHouse: parts and inserts", Panels: partPanels()},
			{ID: 101, Title: "ClickHouse: load and room", Panels: roomPanels()},
			{ID: 102, Title: "Kafka", Panels: logPanels()},
		},
	}
}

func storeTiles() []grafana.Panel {
	down := tile(1, "ClickHouse answers", "short", "1 while it does. Else events wait in Kafka; nothing is lost before its retention is over.", 0, 0, prom(`max(throughline_clickhouse_up{@})`, "up"))
	down.Thresholds = []grafana.Threshold{{Colour: "red"}, {Colour: "semi-dark-blue", From: grafana.Number(1.0)}}
	kafka := tile(2, "Kafka answers", "short", "1 while it does. Else events go into the spool of the collectors.", 0, 0, prom(`max(throughline_kafka_up{@})`, "up"))
	kafka.Thresholds = down.Thresholds
	full := tile(4, "Fullest disk", share, "Of ClickHouse's disks. Add room, or let old months go, before it is full: inserts stop then.", 0.75, 0.9,
		prom(`max(1 - throughline_clickhouse_disk_free_bytes{@} / throughline_clickhouse_disk_size_bytes{@})`, "used"))
	return []grafana.Panel{
		down, kafka,
		tile(3, "Most parts in a partition", "short", "From 1,000 on ClickHouse delays inserts, from 3,000 on it refuses them. Merges cannot keep up: fewer, larger inserts, or more disk speed.", 300, 1000,
			prom(`max(throughline_clickhouse_partition_parts_max{@})`, "parts")),
		full,
		tile(5, "Read-only replicas", "short", "A replica that has lost its keeper takes no inserts.", 1, 1, prom(`max(throughline_clickhouse_readonly_replicas{@})`, "read-only")),
		tile(6, "Refused inserts", "cps", "Inserts a second that ClickHouse refused because of too many parts.", 0.001, 0.1, prom(`max(rate(throughline_clickhouse_rejected_inserts_total{@}[]))`, "refused")),
	}
}

func partPanels() []grafana.Panel {
	return []grafana.Panel{
		lines(10, "Active parts by table", "short", "A saw blade is healthy; a slope upward means that merges cannot keep up.", prom(`max by (table) (throughline_clickhouse_active_parts{@})`, "{{table}}")),
		lines(11, "Merges", "short", "Merges that run, and rows merged a second.", prom(`max(throughline_clickhouse_running_merges{@})`, "running"), prom(`max(rate(throughline_clickhouse_merged_rows_total{@}[]))`, "rows a second")),
		lines(12, "Rows written", "cps", "Acknowledged rows by table.", prom(`sum by (table) (rate(throughline_store_rows_total{@}[]))`, "{{table}}")),
		lines(13, "Time of an INSERT, p99", seconds, "From sending to the acknowledgement, by table.", p99("throughline_store_insert_seconds", "table")),
		lines(14, "Failed INSERTs", "cps", "retry are repeated; reject gives the row to the dead letter; fatal needs a person.", prom(`sum by (class) (rate(throughline_store_errors_total{@}[]))`, "{{class}}")),
		lines(15, "Delayed and refused inserts", "cps", "The first sign, and the second, of too many parts.",
			prom(`max(rate(throughline_clickhouse_delayed_inserts_total{@}[]))`, "delayed"), prom(`max(rate(throughline_clickhouse_rejected_inserts_total{@}[]))`, "refused")),
		lines(16, "Replication queue", "short", "What a replica has still to do. 0 without replication.", prom(`max(throughline_clickhouse_replication_queue{@})`, "queue")),
		lines(17, "Replication delay", seconds, "How far the slowest replica is behind. 0 without replication.", prom(`max(throughline_clickhouse_replication_delay_seconds{@})`, "delay")),
	}
}

func roomPanels() []grafana.Panel {
	return []grafana.Panel{
		lines(20, "Rows by table", "short", "Rows on disk, older versions included until they are merged away.", prom(`max by (table) (throughline_clickhouse_rows{@})`, "{{table}}")),
		lines(21, "Bytes by table", "bytes", "Compressed, on disk.", prom(`max by (table) (throughline_clickhouse_table_bytes{@})`, "{{table}}")),
		lines(22, "Free disk", "bytes", "By disk of the server.", prom(`min by (disk) (throughline_clickhouse_disk_free_bytes{@})`, "{{disk}}")),
		lines(23, "Memory and queries", "bytes", "Memory of the server. Many queries with growing memory: somebody asks for too much at once.", prom(`max(throughline_clickhouse_memory_bytes{@})`, "memory")),
		lines(24, "Running queries", "short", "Dashboards, the live page, and inserts.", prom(`max(throughline_clickhouse_queries{@})`, "queries")),
	}
}

func logPanels() []grafana.Panel {
	return []grafana.Panel{
		lines(30, "Lag by partition, records", "short", "Records that are not in the tables yet.", prom(`max by (topic, partition) (throughline_processor_lag_records{@})`, "{{topic}}/{{partition}}")),
		lines(31, "Lag by partition, time", seconds, "Age of the oldest record that is not in the tables yet.", prom(`max by (topic, partition) (throughline_processor_lag_seconds{@})`, "{{topic}}/{{partition}}")),
		lines(32, "Since the last flush", seconds, "By partition. Long without lag: nothing came in.", prom(`time() - max by (topic, partition) (throughline_processor_last_flush_timestamp_seconds{@})`, "{{topic}}/{{partition}}")),
		lines(33, "Partitions at fault", "short", "Under-replicated: a broker is away. Offline: events of that partition wait in the spool.",
			prom(`max by (topic) (throughline_kafka_underreplicated_partitions{@})`, "under-replicated {{topic}}"), prom(`max by (topic) (throughline_kafka_offline_partitions{@})`, "offline {{topic}}")),
		lines(34, "Partitions", "short", "By topic. More may be added; fewer need a new topic.", prom(`max by (topic) (throughline_kafka_partitions{@})`, "{{topic}}")),
	}
}
