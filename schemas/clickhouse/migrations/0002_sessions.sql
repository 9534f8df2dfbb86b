{{/*
Months that nothing is written to any more are merged into one part, which FINAL reads as it lies.
*/}}
CREATE TABLE IF NOT EXISTS {{table "sessions"}}
(
    site LowCardinality(String),
    session_id UUID,
    journey_id UUID COMMENT 'The journey of its first touch',
    customer_kind LowCardinality(String),
    customer_id String CODEC(ZSTD(1)),
    bucket UInt16,
    started_at DateTime64(3, 'UTC') COMMENT 'First interactive touch; fixed by the id' CODEC(T64, LZ4),
    ended_at DateTime64(3, 'UTC') COMMENT 'Last interactive touch' CODEC(T64, LZ4),
    covered_until DateTime64(3, 'UTC') COMMENT 'Last touch, passive ones included' CODEC(T64, LZ4),
    touchpoints UInt32,
    interactions UInt32 COMMENT 'Touchpoints that are not passive',
    entry_channel LowCardinality(String),
    entry_campaign LowCardinality(String),
    device LowCardinality(String),
    country LowCardinality(String),
    entry_stage UInt8,
    furthest_stage UInt8,
    purchases UInt32,
    revenue Decimal(18, 4),
    version UInt64,
    is_deleted UInt8,
    INDEX customer customer_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{replacing "sessions" "version, is_deleted"}}
PARTITION BY toYYYYMM(started_at)
ORDER BY (site, toDate(started_at), customer_id, session_id)
SETTINGS {{settings}}, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Sessions with their versions and tombstones; query the view sessions instead';

{{distributed "sessions" "cityHash64(site, customer_id)"}};
