CREATE TABLE IF NOT EXISTS {{table "unlinks"}}
(
    site LowCardinality(String),
    anonymous_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    until DateTime64(3, 'UTC') COMMENT 'Links asserted up to then are withdrawn; 1970-01-01 is all links, also those to come',
    reason String CODEC(ZSTD(1)),
    received_at DateTime64(6, 'UTC'),
    bucket UInt16 COMMENT 'Of the anonymous id'
)
ENGINE = {{replacing "unlinks" ""}}
ORDER BY (site, anonymous_id, user_id, until, received_at)
SETTINGS {{settings}}
COMMENT 'What operators withdrew of the links between anonymous ids and users; query the view unlinks instead';

{{distributed "unlinks" "cityHash64(site, anonymous_id)"}};

CREATE TABLE IF NOT EXISTS {{table "contributions"}}
(
    site LowCardinality(String),
    user_id String CODEC(ZSTD(1)),
    anonymous_id String CODEC(ZSTD(1)),
    touches UInt32 COMMENT 'How many touchpoints of the anonymous id the user has',
    kafka_partitions Int32 COMMENT 'The sequence of the newest contribution: partitions of the topic, and then the offset',
    kafka_offset Int64,
    bucket UInt16 COMMENT 'Of the user',
    version UInt64
)
ENGINE = {{replacing "contributions" "version"}}
ORDER BY (site, user_id, anonymous_id)
SETTINGS {{settings}}
COMMENT 'Which users have touchpoints of which anonymous ids, and how far that has been told; query the view contributions instead';

{{distributed "contributions" "cityHash64(site, user_id)"}};
