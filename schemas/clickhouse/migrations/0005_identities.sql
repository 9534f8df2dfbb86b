CREATE TABLE IF NOT EXISTS {{table "identities"}}
(
    site LowCardinality(String),
    anonymous_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    asserted_at DateTime64(3, 'UTC') CODEC(T64, LZ4),
    source LowCardinality(String) COMMENT 'What asserted it: track, identify, alias …',
    bucket UInt16 COMMENT 'Of the anonymous id',
    version UInt64,
    is_deleted UInt8,
    INDEX user user_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{replacing "identities" "version, is_deleted"}}
PARTITION BY toYYYYMM(asserted_at)
ORDER BY (site, anonymous_id, user_id, asserted_at, source)
SETTINGS {{settings}}
COMMENT 'Which user was seen on which anonymous id, with versions and tombstones; query the view identities instead';

{{distributed "identities" "cityHash64(site, anonymous_id)"}};
