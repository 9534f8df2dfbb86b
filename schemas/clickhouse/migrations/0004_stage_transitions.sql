{{/*
Months that nothing is written to any more are merged into one part, which FINAL reads as it lies.
*/}}
CREATE TABLE IF NOT EXISTS {{table "stage_transitions"}}
(
    site LowCardinality(String),
    transition_id UUID,
    journey_id UUID,
    customer_kind LowCardinality(String),
    customer_id String CODEC(LZ4),
    bucket UInt16,
    cycle UInt32,
    seq UInt32 COMMENT '1 for the first of the journey',
    from_stage UInt8 COMMENT '0 is the start',
    to_stage UInt8,
    at DateTime64(3, 'UTC') COMMENT 'The touch that made it; fixed by the id' CODEC(T64, LZ4),
    dwell_ms Int64 COMMENT 'Milliseconds spent in from_stage, 0 for the first' CODEC(T64, LZ4),
    kind LowCardinality(String) COMMENT 'forward, skip or back',
    channel LowCardinality(String),
    campaign LowCardinality(String),
    device LowCardinality(String),
    country LowCardinality(String),
    version UInt64,
    is_deleted UInt8,
    INDEX customer customer_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{replacing "stage_transitions" "version, is_deleted"}}
PARTITION BY toYYYYMM(at)
ORDER BY (site, toDate(at), customer_id, transition_id)
SETTINGS {{settings}}, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Stage transitions with their versions and tombstones; query the view stage_transitions instead';

{{distributed "stage_transitions" "cityHash64(site, customer_id)"}};
