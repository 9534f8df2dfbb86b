CREATE TABLE IF NOT EXISTS {{table "stage_transitions"}}
(
    site LowCardinality(String),
    transition_id UUID,
    journey_id UUID,
    customer_kind LowCardinality(String),
    customer_id String CODEC(ZSTD(1)),
    bucket UInt16,
    cycle UInt32,
    seq UInt32 COMMENT '1 for the first of the journey',
    from_stage UInt8 COMMENT '0 is the start',
    to_stage UInt8,
    at DateTime64(3, 'UTC') COMMENT 'The touch that made it; fixed by the id' CODEC(DoubleDelta, ZSTD(1)),
    dwell_ms Int64 COMMENT 'Milliseconds spent in from_stage, 0 for the first' CODEC(ZSTD(1)),
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
SETTINGS {{settings}}
COMMENT 'Stage transitions with their versions and tombstones; query the view stage_transitions instead';

{{distributed "stage_transitions" "cityHash64(site, customer_id)"}};
