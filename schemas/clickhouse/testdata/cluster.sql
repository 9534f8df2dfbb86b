CREATE DATABASE IF NOT EXISTS `journeys` ON CLUSTER `main`;

CREATE TABLE IF NOT EXISTS `journeys`.touchpoints_shard ON CLUSTER `main`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/journeys/touchpoints', '{replica}', version, is_deleted)
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (site, toDate(occurred_at), customer_id, message_id)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Every accepted touchpoint with its versions; query the view touchpoints instead';

CREATE TABLE IF NOT EXISTS `journeys`.touchpoints_log ON CLUSTER `main` AS `journeys`.touchpoints_shard
ENGINE = Distributed('main', 'journeys', 'touchpoints_shard', cityHash64(site, customer_id));

CREATE TABLE IF NOT EXISTS `journeys`.sessions_shard ON CLUSTER `main`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/journeys/sessions', '{replica}', version, is_deleted)
PARTITION BY toYYYYMM(started_at)
ORDER BY (site, toDate(started_at), customer_id, session_id)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Sessions with their versions and tombstones; query the view sessions instead';

CREATE TABLE IF NOT EXISTS `journeys`.sessions_log ON CLUSTER `main` AS `journeys`.sessions_shard
ENGINE = Distributed('main', 'journeys', 'sessions_shard', cityHash64(site, customer_id));

CREATE TABLE IF NOT EXISTS `journeys`.journeys_shard ON CLUSTER `main`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/journeys/journeys', '{replica}', version, is_deleted)
PARTITION BY toYYYYMM(started_at)
ORDER BY (site, toDate(started_at), customer_id, journey_id)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Journeys with their versions and tombstones; query the view journeys instead';

CREATE TABLE IF NOT EXISTS `journeys`.journeys_log ON CLUSTER `main` AS `journeys`.journeys_shard
ENGINE = Distributed('main', 'journeys', 'journeys_shard', cityHash64(site, customer_id));

CREATE TABLE IF NOT EXISTS `journeys`.stage_transitions_shard ON CLUSTER `main`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/journeys/stage_transitions', '{replica}', version, is_deleted)
PARTITION BY toYYYYMM(at)
ORDER BY (site, toDate(at), customer_id, transition_id)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Stage transitions with their versions and tombstones; query the view stage_transitions instead';

CREATE TABLE IF NOT EXISTS `journeys`.stage_transitions_log ON CLUSTER `main` AS `journeys`.stage_transitions_shard
ENGINE = Distributed('main', 'journeys', 'stage_transitions_shard', cityHash64(site, customer_id));

CREATE TABLE IF NOT EXISTS `journeys`.identities_shard ON CLUSTER `main`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/journeys/identities', '{replica}', version, is_deleted)
PARTITION BY toYYYYMM(asserted_at)
ORDER BY (site, anonymous_id, user_id, asserted_at, source)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Which user was seen on which anonymous id, with versions and tombstones; query the view identities instead';

CREATE TABLE IF NOT EXISTS `journeys`.identities_log ON CLUSTER `main` AS `journeys`.identities_shard
ENGINE = Distributed('main', 'journeys', 'identities_shard', cityHash64(site, anonymous_id));

CREATE TABLE IF NOT EXISTS `journeys`.rejected_touchpoints_shard ON CLUSTER `main`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/journeys/rejected_touchpoints', '{replica}')
PARTITION BY toYYYYMM(received_at)
ORDER BY (site, toDate(received_at), rejection_id)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Every refused event with its bytes; query the view rejected_touchpoints instead';

CREATE TABLE IF NOT EXISTS `journeys`.rejected_touchpoints_log ON CLUSTER `main` AS `journeys`.rejected_touchpoints_shard
ENGINE = Distributed('main', 'journeys', 'rejected_touchpoints_shard', cityHash64(site, rejection_id));

CREATE TABLE IF NOT EXISTS `journeys`.unlinks_shard ON CLUSTER `main`
(
    site LowCardinality(String),
    anonymous_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    until DateTime64(3, 'UTC') COMMENT 'Links asserted up to then are withdrawn; 1970-01-01 is all links, also those to come',
    reason String CODEC(ZSTD(1)),
    received_at DateTime64(6, 'UTC'),
    bucket UInt16 COMMENT 'Of the anonymous id'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/journeys/unlinks', '{replica}')
ORDER BY (site, anonymous_id, user_id, until, received_at)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What operators withdrew of the links between anonymous ids and users; query the view unlinks instead';

CREATE TABLE IF NOT EXISTS `journeys`.unlinks_log ON CLUSTER `main` AS `journeys`.unlinks_shard
ENGINE = Distributed('main', 'journeys', 'unlinks_shard', cityHash64(site, anonymous_id));

CREATE TABLE IF NOT EXISTS `journeys`.contributions_shard ON CLUSTER `main`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/journeys/contributions', '{replica}', version)
ORDER BY (site, user_id, anonymous_id)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Which users have touchpoints of which anonymous ids, and how far that has been told; query the view contributions instead';

CREATE TABLE IF NOT EXISTS `journeys`.contributions_log ON CLUSTER `main` AS `journeys`.contributions_shard
ENGINE = Distributed('main', 'journeys', 'contributions_shard', cityHash64(site, user_id));

CREATE TABLE IF NOT EXISTS `journeys`.erasures_shard ON CLUSTER `main`
(
    site LowCardinality(String),
    kind LowCardinality(String) COMMENT 'request; or what is refused: user, anonymous, shared, seen, source',
    hash UUID COMMENT 'First half of SHA-256 over the salt and what is named; the id is nowhere',
    salt String COMMENT 'In hexadecimal',
    request String COMMENT 'Names the request',
    asked_at DateTime64(6, 'UTC') COMMENT 'What was received up to then is gone',
    done_at DateTime64(6, 'UTC') COMMENT 'Of a request: when nothing was left; 1970-01-01 while it is not',
    bucket UInt16 COMMENT 'Of the customer whose records are refused',
    touchpoints UInt64 COMMENT 'Touchpoints that went',
    rows_deleted Map(LowCardinality(String), UInt64) COMMENT 'Of a request: rows deleted, by table',
    version UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/journeys/erasures', '{replica}', version)
ORDER BY (site, kind, hash, request)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What was erased, by salted hashes; query the view erasures instead';

CREATE TABLE IF NOT EXISTS `journeys`.erasures_log ON CLUSTER `main` AS `journeys`.erasures_shard
ENGINE = Distributed('main', 'journeys', 'erasures_shard', cityHash64(site, hash));

CREATE OR REPLACE VIEW `journeys`.erasures ON CLUSTER `main` AS
SELECT site, request, asked_at, nullIf(done_at, toDateTime64(0, 6, 'UTC')) AS done_at, hash, salt, touchpoints, rows_deleted
FROM `journeys`.erasures_log FINAL
WHERE kind = 'request'
COMMENT 'One row a request to erase a person: when it was asked, when it was done (NULL: not yet), what went. The person is not named';

CREATE TABLE IF NOT EXISTS `journeys`.rebuilds_shard ON CLUSTER `main`
(
    site LowCardinality(String),
    rebuild Int64 COMMENT 'Its number: when it began, in Unix microseconds',
    step LowCardinality(String) COMMENT 'begun, built (the rows of a part of the customers), staged (the touchpoints of a month), finished',
    part UInt32 COMMENT 'Which part of the customers, or which month as 202601',
    parts UInt32 COMMENT 'In how many parts the customers are divided',
    whole Bool COMMENT 'Whether all rows are written, and not only those that change',
    rules_version LowCardinality(String),
    rules_digest String COMMENT 'Hash of the rules: a version may stay although they change',
    rows UInt64 COMMENT 'Rows that the step wrote',
    at DateTime64(3, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/journeys/rebuilds', '{replica}', at)
ORDER BY (site, rebuild, step, part)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What was done of each rebuild under other stage rules; query the view rebuilds instead';

CREATE TABLE IF NOT EXISTS `journeys`.rebuilds_log ON CLUSTER `main` AS `journeys`.rebuilds_shard
ENGINE = Distributed('main', 'journeys', 'rebuilds_shard', cityHash64(site));

CREATE OR REPLACE VIEW `journeys`.rebuilds ON CLUSTER `main` AS
SELECT site, fromUnixTimestamp64Micro(rebuild, 'UTC') AS began_at, nullIf(maxIf(at, step = 'finished'), toDateTime64(0, 3, 'UTC')) AS finished_at,
    any(rules_version) AS rules_version, sum(rows) AS rows
FROM `journeys`.rebuilds_log FINAL
GROUP BY site, rebuild
COMMENT 'One row a rebuild: when stored touchpoints were given the stages of these rules, and how many rows that changed; finished_at is NULL where it was interrupted';

CREATE OR REPLACE VIEW `journeys`.sessions ON CLUSTER `main` AS
SELECT
    site, session_id, journey_id, customer_kind, customer_id,
    started_at, ended_at, covered_until,
    (toUnixTimestamp64Milli(ended_at) - toUnixTimestamp64Milli(started_at)) / 1000 AS duration_seconds,
    touchpoints, interactions, entry_channel, entry_campaign, device, country,
    entry_stage, transform(entry_stage, [1, 2, 3, 4, 5], ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'], '') AS entry_stage_name,
    furthest_stage, transform(furthest_stage, [1, 2, 3, 4, 5], ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'], '') AS furthest_stage_name,
    purchases, revenue, bucket, version
FROM `journeys`.sessions_log FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'One row a session: a run of interactive touchpoints of one customer without a gap longer than the site allows';

CREATE OR REPLACE VIEW `journeys`.journeys ON CLUSTER `main` AS
SELECT
    j.site AS site, journey_id, customer_kind, customer_id, cycle,
    started_at, ended_at, timeout_at,
    nullIf(j.awareness_at, toDateTime64(0, 3, 'UTC')) AS awareness_at,
    nullIf(j.consideration_at, toDateTime64(0, 3, 'UTC')) AS consideration_at,
    nullIf(j.intent_at, toDateTime64(0, 3, 'UTC')) AS intent_at,
    nullIf(j.purchase_at, toDateTime64(0, 3, 'UTC')) AS purchase_at,
    nullIf(j.loyalty_at, toDateTime64(0, 3, 'UTC')) AS loyalty_at,
    arrayFilter((stage, at) -> at != toDateTime64(0, 3, 'UTC'), [1, 2, 3, 4, 5],
        [j.awareness_at, j.consideration_at, j.intent_at, j.purchase_at, j.loyalty_at]) AS reached,
    depth,
    entry_stage, transform(entry_stage, [1, 2, 3, 4, 5], ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'], '') AS entry_stage_name,
    furthest_stage, transform(furthest_stage, [1, 2, 3, 4, 5], ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'], '') AS furthest_stage_name,
    current_stage, transform(current_stage, [1, 2, 3, 4, 5], ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'], '') AS current_stage_name,
    won, NOT won AND timeout_at > now64(3) AS is_open,
    multiIf(won, 'won', timeout_at > now64(3), 'open', purchases > 0, 'won', 'dropped') AS close_reason,
    touchpoints, interactions, sessions, purchases, revenue,
    first_channel, last_channel, last_non_direct_channel, first_campaign, last_campaign, device, country,
    touch_at, touch_stage, touch_channel, touch_campaign, bucket, version
FROM `journeys`.journeys_log AS j FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'One row a journey: when each stage was first reached, ordered depth, counts, revenue and the touches as arrays. is_open and close_reason (won, open, dropped) are as of now';

CREATE OR REPLACE VIEW `journeys`.stage_transitions ON CLUSTER `main` AS
SELECT
    site, transition_id, journey_id, customer_kind, customer_id, cycle, seq,
    from_stage, if(from_stage = 0, 'start', transform(from_stage, [1, 2, 3, 4, 5], ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'], '')) AS from_stage_name,
    to_stage, transform(to_stage, [1, 2, 3, 4, 5], ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'], '') AS to_stage_name,
    at, dwell_ms / 1000 AS dwell_seconds, kind, channel, campaign, device, country, bucket, version
FROM `journeys`.stage_transitions_log FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'One row a step between two stages of a journey; the first step of a journey comes from start';

CREATE OR REPLACE VIEW `journeys`.customers ON CLUSTER `main` AS
SELECT
    site, customer_kind, customer_id,
    count() AS journeys, sum(j.sessions) AS sessions, sum(j.touchpoints) AS touchpoints,
    sum(purchases) AS orders, sum(j.revenue) AS revenue,
    min(started_at) AS first_seen, max(ended_at) AS last_seen,
    max(j.furthest_stage) AS furthest_stage, transform(furthest_stage, [1, 2, 3, 4, 5], ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'], '') AS furthest_stage_name,
    argMin(j.first_channel, cycle) AS first_channel, argMax(j.last_channel, cycle) AS last_channel
FROM `journeys`.journeys_log AS j FINAL
GROUP BY site, customer_kind, customer_id
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'One row a customer over all journeys: sessions, orders (purchases), revenue, first and last seen, furthest stage';

CREATE OR REPLACE VIEW `journeys`.identities ON CLUSTER `main` AS
SELECT site, anonymous_id, user_id, asserted_at, source, bucket, version
FROM `journeys`.identities_log FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'One row for each time a user was seen on an anonymous id';

CREATE OR REPLACE VIEW `journeys`.unlinks ON CLUSTER `main` AS
SELECT site, anonymous_id, user_id, nullIf(until, toDateTime64(0, 3, 'UTC')) AS until, reason, received_at
FROM `journeys`.unlinks_log FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'One row a withdrawal: until when links of the pair do not count; NULL is for good';

CREATE OR REPLACE VIEW `journeys`.contributions ON CLUSTER `main` AS
SELECT site, user_id, anonymous_id, touches
FROM `journeys`.contributions_log FINAL
WHERE touches > 0
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'One row for each anonymous id that a user has touchpoints from';

CREATE OR REPLACE VIEW `journeys`.rejected_touchpoints ON CLUSTER `main` AS
SELECT site, rejection_id, reason, field, detail, message_id, raw, received_at, rules_version, component,
    topic, kafka_partition, kafka_offset
FROM `journeys`.rejected_touchpoints_log FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'One row an event that was refused, with the reason, the field at fault and the bytes as received';

CREATE OR REPLACE VIEW `journeys`.accepted_touchpoints ON CLUSTER `main` AS
SELECT * EXCEPT(is_deleted)
FROM `journeys`.touchpoints_log FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'One row a touchpoint as it was accepted, without the session, journey and stage that it has in them: for counting many, fast';

CREATE OR REPLACE VIEW `journeys`.touchpoints ON CLUSTER `main` AS
SELECT
    t.site AS site, t.message_id AS message_id,
    t.resolved_kind AS customer_kind, t.resolved_id AS customer_id, t.resolved_by AS resolved_by,
    t.user_id AS user_id, t.anonymous_id AS anonymous_id,
    if(t.occurred_at <= s.covered_until, toNullable(s.session_id), NULL) AS session_id,
    if(t.occurred_at <= j.ended_at, toNullable(j.journey_id), NULL) AS journey_id,
    t.type AS type, t.event AS event,
    -- A purchase after the journey's first, or after one of an earlier journey, counts as loyalty.
    if(t.stage = 4 AND t.occurred_at <= j.ended_at AND j.loyalty_at != toDateTime64(0, 3, 'UTC') AND t.occurred_at >= j.loyalty_at
        AND (j.purchase_at = toDateTime64(0, 3, 'UTC') OR t.occurred_at > j.purchase_at), 5, t.stage)::UInt8 AS stage,
    transform(stage, [1, 2, 3, 4, 5], ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'], '') AS stage_name, t.stage = 4 AS is_purchase,
    t.stage_rule AS stage_rule, t.rules_version AS rules_version, t.passive AS passive,
    t.occurred_at AS occurred_at, t.received_at AS received_at,
    nullIf(t.client_timestamp, toDateTime64(0, 3, 'UTC')) AS client_timestamp, nullIf(t.sent_at, toDateTime64(0, 3, 'UTC')) AS sent_at,
    t.channel AS channel, t.campaign AS campaign, t.campaign_source AS campaign_source,
    t.campaign_medium AS campaign_medium, t.campaign_term AS campaign_term, t.campaign_content AS campaign_content,
    t.click_id_kind AS click_id_kind, t.click_id AS click_id,
    t.url AS url, t.path AS path, t.referrer AS referrer, t.title AS title,
    t.user_agent AS user_agent, t.browser AS browser, t.os AS os, t.device AS device,
    t.bot AS bot, t.bot_reason AS bot_reason, t.ip AS ip, t.country AS country, t.locale AS locale,
    t.revenue AS revenue, t.currency AS currency, t.order_id AS order_id, t.survey AS survey, t.score AS score,
    t.properties AS properties, t.context AS context, t.source AS source, t.bucket AS bucket, t.version AS version
FROM
(
    SELECT
        sent.*,
        multiIf(customer_kind = 'user', 'sent', next_user != '', 'next', users = 1, 'only', users > 1, 'shared', 'nobody') AS resolved_by,
        multiIf(resolved_by = 'next', next_user, resolved_by = 'only', some_user, customer_id) AS resolved_id,
        if(resolved_by IN ('next', 'only'), 'user', customer_kind) AS resolved_kind
    FROM (SELECT * FROM `journeys`.touchpoints_log FINAL) AS sent
    ASOF LEFT JOIN
    (
        SELECT site AS next_site, anonymous_id AS next_id, asserted_at AS next_at, min(i.user_id) AS next_user
        FROM `journeys`.identities_log AS i FINAL
        GROUP BY next_site, next_id, next_at
    ) AS e ON site = next_site AND anonymous_id = next_id AND occurred_at <= next_at
    LEFT JOIN
    (
        SELECT site AS seen_site, anonymous_id AS seen_id, uniqExact(i.user_id) AS users, any(i.user_id) AS some_user
        FROM `journeys`.identities_log AS i FINAL
        GROUP BY seen_site, seen_id
    ) AS o ON site = seen_site AND anonymous_id = seen_id
) AS t
ASOF LEFT JOIN
(
    SELECT site, customer_kind, customer_id, started_at, covered_until, session_id
    FROM `journeys`.sessions_log FINAL
) AS s ON t.site = s.site AND t.resolved_kind = s.customer_kind AND t.resolved_id = s.customer_id
    AND t.occurred_at >= s.started_at
ASOF LEFT JOIN
(
    SELECT site, customer_kind, customer_id, started_at, ended_at, purchase_at, loyalty_at, journey_id
    FROM `journeys`.journeys_log FINAL
) AS j ON t.site = j.site AND t.resolved_kind = j.customer_kind AND t.resolved_id = j.customer_id
    AND t.occurred_at >= j.started_at
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'One row a touchpoint, with the customer, session and journey that it belongs to now (NULL when none) and its stage in that journey. resolved_by: sent (with a user id), next or only (of the users seen on the anonymous id), shared or nobody (it stays anonymous)';

CREATE OR REPLACE VIEW `journeys`.resolved_touchpoints ON CLUSTER `main` AS
SELECT
    t.site AS site, t.message_id AS message_id,
    t.resolved_kind AS customer_kind, t.resolved_id AS customer_id, t.resolved_by AS resolved_by,
    t.user_id AS user_id, t.anonymous_id AS anonymous_id, t.type AS type, t.event AS event, t.stage AS stage,
    t.stage_rule AS stage_rule, t.passive AS passive, t.occurred_at AS occurred_at, t.received_at AS received_at,
    t.channel AS channel, t.campaign AS campaign, t.device AS device, t.country AS country, t.bot AS bot,
    t.revenue AS revenue, t.currency AS currency, t.order_id AS order_id, t.source AS source
FROM
(
    SELECT
        sent.*,
        multiIf(customer_kind = 'user', 'sent', next_user != '', 'next', users = 1, 'only', users > 1, 'shared', 'nobody') AS resolved_by,
        multiIf(resolved_by = 'next', next_user, resolved_by = 'only', some_user, customer_id) AS resolved_id,
        if(resolved_by IN ('next', 'only'), 'user', customer_kind) AS resolved_kind
    FROM (SELECT * FROM `journeys`.touchpoints_log FINAL) AS sent
    ASOF LEFT JOIN
    (
        SELECT site AS next_site, anonymous_id AS next_id, asserted_at AS next_at, min(i.user_id) AS next_user
        FROM `journeys`.identities_log AS i FINAL
        GROUP BY next_site, next_id, next_at
    ) AS e ON site = next_site AND anonymous_id = next_id AND occurred_at <= next_at
    LEFT JOIN
    (
        SELECT site AS seen_site, anonymous_id AS seen_id, uniqExact(i.user_id) AS users, any(i.user_id) AS some_user
        FROM `journeys`.identities_log AS i FINAL
        GROUP BY seen_site, seen_id
    ) AS o ON site = seen_site AND anonymous_id = seen_id
) AS t
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'One row a touchpoint with the customer that it belongs to, without session, journey and the stage in it: quicker than touchpoints';

CREATE OR REPLACE VIEW `journeys`.stitching ON CLUSTER `main` AS
SELECT
    site, assumeNotNull(t.journey_id) AS journey_id, t.customer_id AS user_id, min(t.occurred_at) AS first_touch_at,
    countIf(t.user_id = '') AS stitched_touchpoints, countIf(t.user_id != '') AS own_touchpoints,
    uniqExactIf(t.anonymous_id, t.user_id = '') AS anonymous_ids,
    countIf(t.is_purchase) AS conversions, sumIf(t.revenue, t.is_purchase) AS revenue,
    countIf(t.is_purchase AND t.user_id = '') AS stitched_conversions, sumIf(t.revenue, t.is_purchase AND t.user_id = '') AS stitched_revenue,
    argMinIf(t.channel, t.occurred_at, t.channel != '') AS first_channel,
    argMinIf(t.channel, t.occurred_at, t.channel != '' AND t.user_id != '') AS first_channel_alone,
    first_channel != first_channel_alone AS moved
FROM `journeys`.touchpoints AS t
WHERE t.customer_kind = 'user' AND t.journey_id IS NOT NULL
GROUP BY site, journey_id, user_id
HAVING stitched_touchpoints > 0
COMMENT 'One row a journey that has touchpoints from before a login or after a logout: its conversions and revenue, and the first channel with those touchpoints and without. moved: the conversions count for another channel than they would without stitching';

CREATE OR REPLACE VIEW `journeys`.stage_funnel ON CLUSTER `main` AS
SELECT
    step AS stage, transform(stage, [1, 2, 3, 4, 5], ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'], '') AS stage_name,
    totals.1[step] AS reached, totals.2[step] AS depth_reached,
    if(step = 1, NULL, totals.2[step] / nullIf(totals.2[step - 1], 0)) AS conversion,
    totals.2[step] / nullIf(totals.2[1], 0) AS conversion_from_start,
    if(step < 4, totals.3[step], 0) AS dropped,
    if(step < 4, totals.4[step], 0) AS open,
    if(step < 4, totals.5[step], 0) AS skipped,
    journeys
FROM
(
    WITH won OR purchases > 0 AS bought
    SELECT
        count() AS journeys,
        (
            arrayResize(sumForEach(arrayMap(at -> toUInt64(at != toDateTime64(0, 3, 'UTC')),
                [awareness_at, consideration_at, intent_at, purchase_at, loyalty_at])), 5, 0),
            arrayResize(sumForEach(arrayMap(k -> toUInt64(depth >= k), [1, 2, 3, 4, 5])), 5, 0),
            arrayResize(sumForEach(arrayMap(k -> toUInt64(depth = k AND NOT bought AND timeout_at <= now64(3)), [1, 2, 3])), 3, 0),
            arrayResize(sumForEach(arrayMap(k -> toUInt64(depth = k AND NOT bought AND timeout_at > now64(3)), [1, 2, 3])), 3, 0),
            arrayResize(sumForEach(arrayMap(k -> toUInt64(depth = k AND bought), [1, 2, 3])), 3, 0)
        ) AS totals
    FROM `journeys`.journeys_log FINAL
    WHERE site = {site:String} AND started_at >= {from:DateTime64(3, 'UTC')} AND started_at < {to:DateTime64(3, 'UTC')}
)
ARRAY JOIN [1, 2, 3, 4, 5]::Array(UInt8) AS step
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'stage_funnel(site, from, to): of the journeys begun in [from, to) how many reached each stage in any order (reached) and in order (depth_reached), how many stopped there for good (dropped), may still go on (open) or bought without the steps between (skipped)';

CREATE OR REPLACE VIEW `journeys`.event_funnel ON CLUSTER `main` AS
WITH
    {steps:Array(String)} AS steps,
    toInt64({window_seconds:UInt32}) * 1000 AS window_ms,
    arrayMap(name -> indexOf(steps, name), steps) AS wanted
SELECT
    step, steps[step] AS name, reached[step] AS customers,
    if(step = 1, NULL, reached[step] / nullIf(reached[step - 1], 0)) AS conversion,
    reached[step] / nullIf(reached[1], 0) AS conversion_from_start
FROM
(
    SELECT arrayResize(sumForEach(arrayMap(anchor -> toUInt64(anchor > 0), anchors)), length(steps), 0) AS reached
    FROM
    (
        -- anchors[k]: the latest first step from which step k was reached so far, 0 when it was not.
        SELECT arrayFold(
            (anchors, at, hit) -> arrayMap(
                (anchor, before, want, pos) -> multiIf(
                    want != hit, anchor,
                    pos = 1, at,
                    before > 0 AND (window_ms = 0 OR at - before <= window_ms), greatest(anchor, before),
                    anchor),
                anchors, arrayPopBack(arrayPushFront(anchors, toInt64(0))), wanted, arrayEnumerate(wanted)),
            hits.1, hits.2, arrayResize(CAST([], 'Array(Int64)'), length(steps), toInt64(0))) AS anchors
        FROM
        (
            SELECT arraySort(groupArray((toUnixTimestamp64Milli(occurred_at), indexOf(steps, event)))) AS hits
            FROM `journeys`.resolved_touchpoints
            WHERE site = {site:String} AND event IN {steps:Array(String)} AND NOT bot
            GROUP BY customer_kind, customer_id
        )
    )
)
ARRAY JOIN arrayEnumerate(steps) AS step
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'event_funnel(site, steps, window_seconds): customers that had the events in order, one row a step. With a window all steps lie within it of the first (any first step may anchor, ends included); 0 is no window. Bots are left out';

CREATE OR REPLACE VIEW `journeys`.event_funnel_in_session ON CLUSTER `main` AS
WITH
    {steps:Array(String)} AS steps,
    arrayMap(name -> indexOf(steps, name), steps) AS wanted
SELECT
    step, steps[step] AS name, reached[step] AS sessions,
    if(step = 1, NULL, reached[step] / nullIf(reached[step - 1], 0)) AS conversion,
    reached[step] / nullIf(reached[1], 0) AS conversion_from_start
FROM
(
    SELECT arrayResize(sumForEach(done), length(steps), 0) AS reached
    FROM
    (
        SELECT arrayFold(
            (done, hit) -> arrayMap(
                (now, before, want, pos) -> toUInt64(now OR (want = hit AND (pos = 1 OR before))),
                done, arrayPopBack(arrayPushFront(done, toUInt64(0))), wanted, arrayEnumerate(wanted)),
            hits.2, arrayResize(CAST([], 'Array(UInt64)'), length(steps), toUInt64(0))) AS done
        FROM
        (
            SELECT arraySort(groupArray((t.occurred_at, indexOf(steps, t.event)))) AS hits
            FROM
            (
                SELECT customer_kind, customer_id, occurred_at, event
                FROM `journeys`.resolved_touchpoints
                WHERE site = {site:String} AND event IN {steps:Array(String)} AND NOT bot
            ) AS t
            ASOF INNER JOIN
            (
                SELECT customer_kind, customer_id, started_at, covered_until, session_id
                FROM `journeys`.sessions_log FINAL
                WHERE site = {site:String}
            ) AS s ON t.customer_kind = s.customer_kind AND t.customer_id = s.customer_id
                AND t.occurred_at >= s.started_at
            WHERE t.occurred_at <= s.covered_until
            GROUP BY s.session_id
        )
    )
)
ARRAY JOIN arrayEnumerate(steps) AS step
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'event_funnel_in_session(site, steps): sessions that had the events in order, one row a step. Bots are left out';

CREATE OR REPLACE VIEW `journeys`.sessions_with_gap ON CLUSTER `main` AS
SELECT
    customer_kind, customer_id, number,
    min(occurred_at) AS started_at, max(occurred_at) AS ended_at, count() AS touchpoints
FROM
(
    SELECT customer_kind, customer_id, occurred_at,
        sum(opens) OVER (PARTITION BY customer_kind, customer_id ORDER BY occurred_at
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS number
    FROM
    (
        SELECT customer_kind, customer_id, occurred_at,
            row_number() OVER customer = 1 OR toUnixTimestamp64Milli(occurred_at)
                - toUnixTimestamp64Milli(lagInFrame(occurred_at) OVER customer) > {gap_seconds:UInt32} * 1000 AS opens
        FROM `journeys`.resolved_touchpoints
        WHERE site = {site:String} AND NOT passive AND NOT bot
        WINDOW customer AS (PARTITION BY customer_kind, customer_id ORDER BY occurred_at
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
)
GROUP BY customer_kind, customer_id, number
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'sessions_with_gap(site, gap_seconds): the sessions that another gap would give, straight from the interactive touchpoints; number counts the sessions of a customer. Bots are left out';

CREATE OR REPLACE VIEW `journeys`.attribution ON CLUSTER `main` AS
SELECT
    channel, sum(weight) AS conversions, sum(weight * toFloat64(revenue)) AS revenue
FROM
(
    SELECT
        revenue, bought_at, channels, length(channels) AS n,
        arrayLastIndex(name -> name != 'direct', channels) AS last_non_direct,
        arrayMap(at -> exp2(-(toUnixTimestamp64Milli(bought_at) - toUnixTimestamp64Milli(at)) / 604800000), times) AS decay,
        arrayMap(i -> multiIf(
            {model:String} = 'first', toFloat64(i = 1),
            {model:String} = 'last', toFloat64(i = n),
            {model:String} = 'last_non_direct', toFloat64(i = if(last_non_direct = 0, n, last_non_direct)),
            {model:String} = 'linear', 1 / n,
            {model:String} = 'position', multiIf(n = 1, 1, n = 2, 0.5, i = 1 OR i = n, 0.4, 0.2 / (n - 2)),
            {model:String} = 'time_decay', decay[i] / arraySum(decay),
            0.),
            arrayEnumerate(channels)) AS weights
    FROM
    (
        SELECT
            revenue, if(purchase_at != toDateTime64(0, 3, 'UTC'), purchase_at, loyalty_at) AS bought_at,
            arrayFilter((at, name) -> at <= bought_at AND name != '', touch_at, touch_channel) AS path_at,
            arrayFilter((name, at) -> at <= bought_at AND name != '', touch_channel, touch_at) AS path,
            if(empty(path), ['(none)'], CAST(path, 'Array(String)')) AS channels,
            if(empty(path), [bought_at], path_at) AS times
        FROM `journeys`.journeys_log FINAL
        WHERE site = {site:String} AND purchases > 0
            AND NOT throwIf({model:String} NOT IN ('first', 'last', 'last_non_direct', 'linear', 'position', 'time_decay'),
                'unknown attribution model: use first, last, last_non_direct, linear, position or time_decay')
    )
)
ARRAY JOIN channels AS channel, weights AS weight
GROUP BY channel
SETTINGS do_not_merge_across_partitions_select_final = 1, use_skip_indexes_if_final_exact_mode = 0
COMMENT 'attribution(site, model): conversions and revenue credited to each channel. A journey with a purchase is one conversion with the revenue of the journey; its path is the touches with a channel up to its first purchase. Models: first, last, last_non_direct, linear, position (40/20/40), time_decay (half-life 7 days)';
