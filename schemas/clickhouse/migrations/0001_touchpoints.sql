CREATE DATABASE IF NOT EXISTS {{database}}{{on}};

{{/*
Times are kept, here and in all tables, in a form that is read five times as fast as DoubleDelta with ZSTD and is no larger; customers of
journeys and transitions in one that FINAL reads faster where it merges.
*/}}
CREATE TABLE IF NOT EXISTS {{table "touchpoints"}}
(
    site LowCardinality(String) COMMENT 'The site that the write key belongs to',
    message_id String COMMENT 'Unique within the site; the only key of de-duplication' CODEC(ZSTD(1)),
    customer_kind LowCardinality(String) COMMENT 'user or anonymous: which id names the customer',
    customer_id String COMMENT 'The user id where known, else the anonymous id' CODEC(ZSTD(1)),
    bucket UInt16 COMMENT 'Hash of the customer modulo 1024: the unit of ownership and of restore',
    user_id String CODEC(ZSTD(1)),
    anonymous_id String CODEC(ZSTD(1)),
    type LowCardinality(String) COMMENT 'track, page, screen, identify, alias or group',
    event LowCardinality(String),
    stage UInt8 COMMENT '0 none, 1 awareness, 2 consideration, 3 intent, 4 purchase, 5 loyalty: as sent, else by the stage rules',
    sent_stage UInt8 COMMENT 'The stage it was sent with, 0 when none',
    stage_rule LowCardinality(String) COMMENT 'The rule that gave the stage, empty when none matched',
    rules_version LowCardinality(String),
    passive Bool COMMENT 'Never opens or stretches a session',
    occurred_at DateTime64(3, 'UTC') COMMENT 'Corrected for clock skew' CODEC(T64, LZ4),
    received_at DateTime64(6, 'UTC') CODEC(T64, LZ4),
    client_timestamp DateTime64(3, 'UTC') COMMENT 'As the client gave it, 1970-01-01 when absent' CODEC(T64, LZ4),
    sent_at DateTime64(3, 'UTC') COMMENT 'As the client gave it, 1970-01-01 when absent' CODEC(T64, LZ4),
    channel LowCardinality(String),
    campaign LowCardinality(String),
    campaign_source LowCardinality(String),
    campaign_medium LowCardinality(String),
    campaign_term LowCardinality(String),
    campaign_content LowCardinality(String),
    click_id_kind LowCardinality(String) COMMENT 'The parameter that carried the click id: gclid, fbclid …',
    click_id String CODEC(ZSTD(1)),
    url String CODEC(ZSTD(1)),
    path String CODEC(ZSTD(1)),
    referrer String CODEC(ZSTD(1)),
    title String CODEC(ZSTD(1)),
    user_agent String CODEC(ZSTD(1)),
    browser LowCardinality(String),
    os LowCardinality(String),
    device LowCardinality(String) COMMENT 'desktop, mobile, tablet, tv, bot or empty',
    bot Bool,
    bot_reason LowCardinality(String),
    ip String COMMENT 'Truncated before it was stored' CODEC(ZSTD(1)),
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2',
    locale LowCardinality(String),
    revenue Decimal(18, 4) COMMENT 'In the currency of the column currency',
    currency LowCardinality(String) COMMENT 'ISO 4217',
    order_id String CODEC(ZSTD(1)),
    survey LowCardinality(String) COMMENT 'nps, csat or ces',
    score Float64,
    properties String COMMENT 'JSON object exactly as received' CODEC(ZSTD(1)),
    context String COMMENT 'JSON object exactly as received' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'How it came in: http, import …',
    version UInt64 COMMENT 'Of the copies of a message the one with the greatest wins',
    is_deleted UInt8,
    INDEX customer customer_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{replacing "touchpoints" "version, is_deleted"}}
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (site, toDate(occurred_at), customer_id, message_id)
SETTINGS {{settings}}
COMMENT 'Every accepted touchpoint with its versions; query the view touchpoints instead';

{{distributed "touchpoints" "cityHash64(site, customer_id)"}};
