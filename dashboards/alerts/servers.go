package alerts

import "time"

// servers are troubles of Kafka and ClickHouse. The names are those that people know from elsewhere.
func servers() []Rule {
	return []Rule{
		{
			Name: "KafkaOfflinePartitions", Severity: Warn, Dashboard: Store,
			Expr:    `max by (topic) (throughline_kafka_offline_partitions)`,
			Compare: Above, Threshold: 0, Unit: Number, For: time.Minute, Keep: 5 * time.Minute,
			Summary:     "{value} partitions of {topic} have no leader",
			Description: "Nothing can be written to them or read. Events for them go into the spool.",
		},
		{
			Name: "KafkaUnderReplicatedPartitions", Severity: Warn, Dashboard: Store,
			Expr:    `max by (topic) (throughline_kafka_underreplicated_partitions)`,
			Compare: Above, Threshold: 0, Unit: Number, For: 10 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "{value} partitions of {topic} have fewer replicas in sync than they should",
			Description: "A broker is away or cannot follow. With one fewer than min.insync.replicas nothing is acknowledged.",
		},
		{
			Name: "KafkaDown", Severity: Warn, Dashboard: Store,
			Expr: `max(throughline_kafka_up)`, Compare: Below, Threshold: 1, Unit: Number, For: 2 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "No processor reaches Kafka or its topics",
			Description: "Brokers do not answer, or a topic is missing. Collectors keep events in their spools.",
		},
		{
			Name: "ClickHouseDown", Severity: Warn, Dashboard: Store,
			Expr: `max(throughline_clickhouse_up)`, Compare: Below, Threshold: 1, Unit: Number, For: 2 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "ClickHouse does not answer",
			Description: "Nothing is written and nothing can be queried. Touchpoints wait in Kafka.",
		},
		{
			Name: "ClickHouseRejectedInserts", Severity: Warn, Dashboard: Store,
			Expr:    `max(increase(throughline_clickhouse_rejected_inserts_total[10m]))`,
			Compare: Above, Threshold: 0, Unit: Number, For: time.Minute, Keep: 10 * time.Minute,
			Summary:     "ClickHouse has refused {value} INSERTs because of too many parts",
			Description: "Merges cannot keep up. Flushes are repeated and the tables fall behind.",
		},
		{
			Name: "ClickHouseDelayedInserts", Severity: Warn, Dashboard: Store,
			Expr:    `max(increase(throughline_clickhouse_delayed_inserts_total[10m]))`,
			Compare: Above, Threshold: 10, Unit: Number, For: 5 * time.Minute, Keep: 10 * time.Minute,
			Summary:     "ClickHouse has slowed {value} INSERTs down within ten minutes",
			Description: "Parts come faster than they are merged. The next step is that INSERTs are refused.",
		},
		{
			Name: "ClickHouseTooManyParts", Severity: Warn, Dashboard: Store,
			Expr:    `max(throughline_clickhouse_partition_parts_max)`,
			Compare: Above, Threshold: 500, Unit: Number, For: 10 * time.Minute, Keep: 10 * time.Minute,
			Summary:     "A partition has {value} parts",
			Description: "At 1000 the server begins to delay INSERTs, at 3000 it refuses them.",
		},
		{
			Name: "ClickHouseReplicasInReadOnly", Severity: Warn, Dashboard: Store,
			Expr:    `max(throughline_clickhouse_readonly_replicas)`,
			Compare: Above, Threshold: 0, Unit: Number, For: 5 * time.Minute, Keep: 5 * time.Minute,
			Summary:     "{value} replicated tables take no writes",
			Description: "A replica has lost its session with Keeper, or finds its metadata changed.",
		},
		{
			Name: "ClickHouseReplicationQueueBackingUp", Severity: Warn, Dashboard: Store,
			Expr:    `max(throughline_clickhouse_replication_queue)`,
			Compare: Above, Threshold: 100, Unit: Number, For: 10 * time.Minute, Keep: 10 * time.Minute,
			Summary:     "{value} entries wait in the replication queue",
			Description: "A replica falls behind: what is asked of it is old.",
		},
	}
}
