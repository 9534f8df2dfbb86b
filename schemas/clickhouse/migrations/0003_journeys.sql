{{/*
Months that nothing is written to any more are merged into one part, which FINAL reads as it lies.
*/}}
CREATE TABLE IF NOT EXISTS {{table "journeys"}}
(
    site LowCardinality(String),
    journey_id UUID,
    customer_kind LowCardinality(String),
    customer_id String CODEC(LZ4),
    bucket UInt16,
    cycle UInt32 COMMENT '1 for the first journey of the customer',
    started_at DateTime64(3, 'UTC') COMMENT 'First touch; fixed by the id' CODEC(T64, LZ4),
    ended_at DateTime64(3, 'UTC') COMMENT 'Last touch' CODEC(T64, LZ4),
    timeout_at DateTime64(3, 'UTC') COMMENT 'From then on it can no longer go on' CODEC(T64, LZ4),
    awareness_at DateTime64(3, 'UTC') COMMENT 'First touch in that stage, 1970-01-01 when never' CODEC(T64, LZ4),
    consideration_at DateTime64(3, 'UTC') CODEC(T64, LZ4),
    intent_at DateTime64(3, 'UTC') CODEC(T64, LZ4),
    purchase_at DateTime64(3, 'UTC') CODEC(T64, LZ4),
    loyalty_at DateTime64(3, 'UTC') CODEC(T64, LZ4),
    depth UInt8 COMMENT 'Ordered depth: the largest k such that touches in stage 1, 2 … k follow one another',
    entry_stage UInt8,
    furthest_stage UInt8,
    current_stage UInt8,
    won Bool COMMENT 'A purchase closed it',
    touchpoints UInt32,
    interactions UInt32,
    sessions UInt32,
    purchases UInt32,
    revenue Decimal(18, 4),
    first_channel LowCardinality(String),
    last_channel LowCardinality(String),
    last_non_direct_channel LowCardinality(String),
    first_campaign LowCardinality(String),
    last_campaign LowCardinality(String),
    device LowCardinality(String),
    country LowCardinality(String),
    touch_at Array(DateTime64(3, 'UTC')) COMMENT 'One entry a touch, in order; the middle of a very long journey is left out' CODEC(T64, LZ4),
    touch_stage Array(UInt8),
    touch_channel Array(LowCardinality(String)),
    touch_campaign Array(LowCardinality(String)),
    version UInt64,
    is_deleted UInt8,
    INDEX customer customer_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{replacing "journeys" "version, is_deleted"}}
PARTITION BY toYYYYMM(started_at)
ORDER BY (site, toDate(started_at), customer_id, journey_id)
SETTINGS {{settings}}, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Journeys with their versions and tombstones; query the view journeys instead';

{{distributed "journeys" "cityHash64(site, customer_id)"}};
