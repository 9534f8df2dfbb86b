CREATE TABLE IF NOT EXISTS {{table "rejected_touchpoints"}}
(
    site LowCardinality(String),
    rejection_id UUID COMMENT 'Hash of what was refused and where it lay',
    reason LowCardinality(String),
    field String COMMENT 'The JSON field at fault, empty when the whole event is' CODEC(ZSTD(1)),
    detail String CODEC(ZSTD(1)),
    message_id String CODEC(ZSTD(1)),
    raw String COMMENT 'The bytes as received: at most 64 KB of them, client addresses blanked' CODEC(ZSTD(3)),
    received_at DateTime64(6, 'UTC') CODEC(T64, LZ4),
    rules_version LowCardinality(String),
    component LowCardinality(String) COMMENT 'collector or processor',
    topic LowCardinality(String) COMMENT 'Where the record lay when the processor refused it',
    kafka_partition Int32,
    kafka_offset Int64
)
ENGINE = {{replacing "rejected_touchpoints" ""}}
PARTITION BY toYYYYMM(received_at)
ORDER BY (site, toDate(received_at), rejection_id)
SETTINGS {{settings}}
COMMENT 'Every refused event with its bytes; query the view rejected_touchpoints instead';

{{distributed "rejected_touchpoints" "cityHash64(site, rejection_id)"}};
