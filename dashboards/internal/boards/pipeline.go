package boards

import "github.com/throughline/throughline/dashboards/internal/grafana"

func pipeline() grafana.Board {
	return grafana.Board{
		UID: prefix + "pipeline", Title: "Pipeline", Source: grafana.Prometheus, Since: "now-6h", Refresh: "1m",
		Summary:   "Is everything that is sent in the tables, and soon? Stages stand from left to right and from top to bottom: the first red one is the culprit.",
		Variables: promVariables(), Annotations: promMarks(),
		Rows: []grafana.Row{
			{Panels: stations()},
			{ID: 100, Title: "HTTP", Panels: httpPanels()},
			{ID: 101, Title: "Produce", Panels: producePanels()},
			{ID: 102, Title: "Kafka", Panels: kafkaPanels()},
			{ID: 103, Title: "Process", Panels: processPanels()},
			{ID: 104, Title: "ClickHouse", Panels: clickhousePanels()},
			{ID: 105, Title: "End to end", Panels: endPanels()},
			{ID: 106, Title: "Process health", Collapsed: true, Panels: healthPanels()},
		},
	}
}

func stations() []grafana.Panel {
	return []grafana.Panel{
		tile(1, "HTTP: failing requests", share, "Share of requests that were answered 5xx. Red: clients see errors; look at the row HTTP, then at Produce.", 0.001, 0.01,
			prom(`sum(rate(throughline_collector_requests_total{@,status="5xx"}[])) / clamp_min(sum(rate(throughline_collector_requests_total{@}[])), 1e-9)`, "5xx")),
		tile(2, "Produce: spool age", seconds, "How long the oldest event has waited on disk for Kafka. Orange: Kafka is away or slow, nothing is lost yet; look how much room the spool has.", 10, 300,
			prom(`max(throughline_spool_oldest_age_seconds{@})`, "spool")),
		tile(3, "Kafka: lag", seconds, "Age of the oldest record that is not in the tables yet. Growing: the processor is too slow, or stands still.", 30, 300,
			prom(`max(throughline_processor_lag_seconds{@})`, "lag")),
		tile(4, "Process: dead letters", "short", "Records in the last hour that could not be read or were refused. They are kept with reason and bytes: Data quality lists them.", 1, 100,
			prom(`sum(increase(throughline_processor_dead_letters_total{@}[1h]))`, "dead letters")),
		tile(5, "ClickHouse: failing inserts", "cps", "INSERTs a second that failed and are tried again. Events wait in Kafka meanwhile; look at the dashboard Store.", 0.01, 0.2,
			prom(`sum(rate(throughline_store_errors_total{@}[]))`, "errors")),
		tile(6, "End to end: p99", seconds, "From receipt at the collector until the row can be queried, for 99 of 100 touchpoints.", 5, 60,
			prom(`histogram_quantile(0.99, sum by (le) (rate(throughline_processor_event_to_queryable_seconds_bucket{@}[])))`, "p99")),
	}
}

func httpPanels() []grafana.Panel {
	return []grafana.Panel{
		lines(10, "Requests by status", "reqps", "4xx are mistakes of senders, 5xx are ours.", prom(`sum by (status) (rate(throughline_collector_requests_total{@}[]))`, "{{status}}")),
		lines(11, "Time to answer", seconds, "From the request's headers to the answer; an answer means that the events are durable. Grows with Kafka's own time.", quantiles("throughline_collector_request_seconds", "")...),
		lines(12, "In flight, and the limit", "short", "At the limit, further requests are refused with 503: add collectors.",
			prom(`sum(throughline_collector_requests_in_flight{@})`, "in flight"), prom(`sum(throughline_collector_requests_in_flight_limit{@})`, "limit")),
		lines(13, "Bodies", "Bps", "Bytes of request bodies as sent, before inflation.", prom(`sum(rate(throughline_collector_body_bytes_total{@}[]))`, "bodies")),
		lines(14, "Events by verdict", "cps", "accepted are durable; rejected had a fault of their own; retry were given back to be sent again.", prom(`sum by (verdict) (rate(throughline_collector_events_total{@}[]))`, "{{verdict}}")),
		lines(15, "Rejected by reason", "cps", "A step upward is a deployment of a sender. Data quality has the field at fault and the bytes.", prom(`sum by (reason) (rate(throughline_collector_rejected_events_total{@}[]))`, "{{reason}}")),
		lines(16, "Refused whole requests", "cps", "Wrong keys, wrong origins, too large, not JSON, over a limit, or no room.", prom(`sum by (reason) (rate(throughline_collector_refused_requests_total{@}[]))`, "{{reason}}")),
		lines(17, "Over a limit", "cps", "Requests refused because a client or a site sends too much, or too many are in flight.", prom(`sum by (limit) (rate(throughline_collector_limited_requests_total{@}[]))`, "{{limit}}")),
	}
}

func producePanels() []grafana.Panel {
	return []grafana.Panel{
		lines(20, "Records acknowledged", "cps", "By all in-sync replicas.", prom(`sum by (topic) (rate(throughline_publish_records_total{@}[]))`, "{{topic}}")),
		lines(21, "Failed attempts", "cps", "Attempts to send a batch that failed; they are repeated. leader and timeout come with a broker's restart.", prom(`sum by (reason) (rate(throughline_publish_errors_total{@}[]))`, "{{reason}}")),
		lines(22, "Time of a produce request, p99", seconds, "Kafka's own time to acknowledge.", p99("throughline_publish_request_seconds", "topic")),
		lines(23, "Buffered, and the limit", "bytes", "At the limit, requests are refused: Kafka is slower than what comes in.",
			prom(`sum(throughline_publish_buffered_bytes{@})`, "buffered"), prom(`sum(throughline_publish_buffered_limit_bytes{@})`, "limit")),
		lines(24, "Kafka takes records", "short", "1 while Kafka takes records, 0 while they go into the spool.", prom(`min by (instance) (throughline_collector_kafka_available{@})`, "{{instance}}")),
		lines(25, "Spool, and its room", "bytes", "Events on disk that wait for Kafka. When there is no room left, requests are answered 503.",
			prom(`sum(throughline_spool_used_bytes{@})`, "used"), prom(`sum(throughline_spool_limit_bytes{@})`, "limit")),
		lines(26, "Into and out of the spool", "cps", "Out must be faster than in once Kafka is back.",
			prom(`sum(rate(throughline_spool_appended_records_total{@}[]))`, "in"), prom(`sum(rate(throughline_spool_drained_records_total{@}[]))`, "out")),
		lines(27, "Cannot be sent", "short", "Spooled records that can never be sent, and damaged spool segments that were set aside: look at the collector's log.",
			prom(`sum by (reason) (increase(throughline_collector_dead_letters_total{@}[]))`, "{{reason}}"), prom(`sum(increase(throughline_spool_quarantined_segments_total{@}[]))`, "damaged segments")),
	}
}

func kafkaPanels() []grafana.Panel {
	return []grafana.Panel{
		lines(30, "Lag by partition", "short", "Records that are not in the tables yet. One partition alone: one busy customer. All: too few processors.", prom(`max by (topic, partition) (throughline_processor_lag_records{@})`, "{{topic}}/{{partition}}")),
		lines(31, "Lag by partition", seconds, "Age of the oldest record that is not in the tables yet.", prom(`max by (topic, partition) (throughline_processor_lag_seconds{@})`, "{{topic}}/{{partition}}")),
		lines(32, "Partitions at fault", "short", "Under-replicated: a broker is away. Offline: events of that partition wait in the spool.",
			prom(`max by (topic) (throughline_kafka_underreplicated_partitions{@})`, "under-replicated {{topic}}"), prom(`max by (topic) (throughline_kafka_offline_partitions{@})`, "offline {{topic}}")),
		lines(33, "Rebalances and lost records", "short", "A rebalance a deployment is normal. Lost records were removed by retention before they were read: raise retention, and import them again.",
			prom(`sum(increase(throughline_processor_generations_total{@}[]))`, "generations joined"), prom(`sum by (topic) (increase(throughline_processor_lost_records_total{@}[]))`, "lost {{topic}}"),
			prom(`sum(increase(throughline_processor_fetch_errors_total{@}[]))`, "failed fetches")),
	}
}
