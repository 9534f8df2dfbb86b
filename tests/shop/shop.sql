-- The customers FIRST to FIRST + COUNT of CUSTOMERS; CHUNK finds theirs among the rows.
-- One in 51 is a user who logged in on a device at the end: the first two touches are the device's.
-- Touchpoints: customer number n has 1 to 20 touches, of which the k-th comes some minutes, hours or days after the one before.
INSERT INTO throughline.touchpoints_log
(
    site, message_id, customer_kind, customer_id, bucket, user_id, anonymous_id, type, event, stage, stage_rule, rules_version,
    occurred_at, received_at, client_timestamp, sent_at, channel, campaign, path, browser, device, country, bot, bot_reason,
    user_agent, revenue, currency, source, version
)
WITH
    ['direct', 'organic search', 'paid search', 'email', 'paid social', 'referral', 'display'] AS channels,
    ['', '', 'spring', 'brand', 'creators', 'retargeting'] AS campaigns,
    ['', 'Page Viewed', 'Product Viewed', 'Product Added', 'Order Completed', 'Ticket Opened'] AS events,
    sipHash64(n, k) AS h
SELECT
    if(n % 10 = 0, 'outlet', 'shop') AS site, concat('m-', toString(n), '-', toString(k)), if(user_id = '', 'anonymous', 'user'),
    if(user_id = '', anonymous_id, user_id), n % 1024,
    if(n % 51 = 0 AND k > 2, concat('customer-', toString(n)), '') AS user_id, concat(if(n % 51 = 0, 'deviceid-', 'customer-'), toString(n)) AS anonymous_id, 'track', if(stage = 0, 'Store Locator Opened', events[stage + 1]),
    multiIf(h % 50 = 0, 0, k % 7 = 0, 1, least(5, intDiv(h, 256) % (1 + intDiv(k, 2)) + 1 + (h % 3 = 0)))::UInt8 AS stage,
    if(stage = 0, '', 'rule'), 'v1',
    at, at + toIntervalMillisecond(if(h % 40 = 0, 100000000 + h % 500000000, 200 + h % 3000)), at, at + toIntervalMillisecond(if(h % 30 = 0, 90000, 100)),
    if(k = 1 OR h % 4 = 0, channels[1 + cityHash64(n, k) % 7], '') AS channel, if(channel = '', '', campaigns[1 + cityHash64(k, n) % 6]),
    concat('/p/', toString(h % 500)), 'Chrome', ['desktop', 'mobile', 'tablet'][1 + n % 3],
    ['DE', 'US', 'GB', 'FR', 'NL', 'AT', ''][1 + intDiv(n, 3) % 7], bot, if(bot, 'search engine', ''),
    if(bot, 'Googlebot/2.1', 'Mozilla/5.0 (X11; Linux x86_64)'),
    if(stage = 4, 20 + h % 100, 0), 'EUR', 'http', 1
FROM
(
    SELECT
        n, k, n % 97 = 0 AS bot,
        toDateTime64(END - 86400 * DAYS + intDiv(n * (86400 * DAYS - 900000), CUSTOMERS), 3, 'UTC')
            + toIntervalMillisecond(arraySum(arrayMap(i -> toUInt64(pow(sipHash64(n, i) % 1000 / 1000, 6) * 172800000), range(k)))) AS at
    FROM (SELECT number + 1 AS n, 1 + sipHash64(number) % 20 AS touches FROM numbers(FIRST, COUNT))
    ARRAY JOIN range(1, touches + 1) AS k
)
WHERE at <= toDateTime(END)
SETTINGS max_insert_block_size = 50000, min_insert_block_size_rows = 50000;

INSERT INTO throughline.journeys_log
(
    site, journey_id, customer_kind, customer_id, bucket, cycle, started_at, ended_at, timeout_at,
    awareness_at, consideration_at, intent_at, purchase_at, loyalty_at, depth, entry_stage, furthest_stage, current_stage,
    touchpoints, interactions, sessions, purchases, revenue, first_channel, last_channel, last_non_direct_channel,
    first_campaign, last_campaign, device, country, touch_at, touch_stage, touch_channel, touch_campaign, version
)
WITH
    arraySort(groupArray((occurred_at, message_id, stage, channel, campaign))) AS touches,
    touches.3 AS stages, touches.4 AS channels, touches.5 AS campaigns, arrayFilter(s -> s > 0, stages) AS staged
SELECT
    site, reinterpretAsUUID(sipHash128(customer_id)), if(startsWith(any(anonymous_id), 'deviceid'), 'user', 'anonymous'),
    replaceOne(t.customer_id, 'deviceid-', 'customer-') AS customer_id, any(bucket), 1,
    min(occurred_at) AS started_at, max(occurred_at) AS ended_at, ended_at + INTERVAL 30 DAY,
    minIf(occurred_at, stage = 1), minIf(occurred_at, stage = 2), minIf(occurred_at, stage = 3), minIf(occurred_at, stage = 4), minIf(occurred_at, stage = 5),
    arrayFold((deep, s) -> if(s = deep + 1, s, deep)::UInt8, stages, 0::UInt8), staged[1], arrayMax(staged), staged[-1],
    count(), count(), 1 + count() % 4, countIf(stage = 4) AS purchases, sum(revenue),
    arrayFirst(c -> c != '', channels), arrayLast(c -> c != '', channels), arrayLast(c -> c NOT IN ('', 'direct'), channels),
    arrayFirst(c -> c != '', campaigns), arrayLast(c -> c != '', campaigns), any(device), any(country),
    touches.1, stages, channels, campaigns,
    toUnixTimestamp64Micro(max(received_at))
FROM throughline.touchpoints_log AS t
WHERE NOT bot AND CHUNK
GROUP BY site, customer_id
SETTINGS min_insert_block_size_rows = 10000, max_block_size = 10000;

INSERT INTO throughline.stage_transitions_log
(
    site, transition_id, journey_id, customer_kind, customer_id, bucket, cycle, seq, from_stage, to_stage, at, dwell_ms, kind,
    channel, campaign, device, country, version
)
SELECT
    site, reinterpretAsUUID(sipHash128(customer_id, occurred_at)), reinterpretAsUUID(sipHash128(customer_id)), if(startsWith(anonymous_id, 'deviceid'), 'user', 'anonymous'), customer_id, bucket, 1,
    row_number() OVER journey, before AS from_stage, stage, occurred_at,
    if(before = 0, 0, dateDiff('millisecond', lagInFrame(occurred_at) OVER journey, occurred_at)),
    multiIf(stage < before, 'back', stage = before + 1, 'forward', 'skip'), channel, campaign, device, country, 1
FROM
(
    SELECT * REPLACE (replaceOne(t.customer_id, 'deviceid-', 'customer-') AS customer_id),
        lagInFrame(stage) OVER (PARTITION BY site, customer_id ORDER BY occurred_at, message_id) AS before
    FROM throughline.touchpoints_log AS t WHERE NOT bot AND stage > 0 AND CHUNK
)
WHERE before != stage
WINDOW journey AS (PARTITION BY site, customer_id ORDER BY occurred_at, message_id)
SETTINGS min_insert_block_size_rows = 20000, max_block_size = 20000;

INSERT INTO throughline.sessions_log
(
    site, session_id, journey_id, customer_kind, customer_id, bucket, started_at, ended_at, covered_until, touchpoints, interactions,
    entry_channel, entry_campaign, device, country, entry_stage, furthest_stage, purchases, revenue, version
)
SELECT
    site, reinterpretAsUUID(sipHash128(customer_id, toDate(occurred_at))), reinterpretAsUUID(sipHash128(customer_id)), if(startsWith(any(anonymous_id), 'deviceid'), 'user', 'anonymous'),
    replaceOne(t.customer_id, 'deviceid-', 'customer-') AS customer_id, any(bucket),
    min(occurred_at), max(occurred_at), max(occurred_at), count(), count(), any(channel), any(campaign), any(device), any(country),
    any(stage), max(stage), countIf(stage = 4), sum(revenue), 1
FROM throughline.touchpoints_log AS t WHERE NOT bot AND CHUNK
GROUP BY site, customer_id, toDate(occurred_at);

INSERT INTO throughline.identities_log (site, anonymous_id, user_id, asserted_at, source, bucket, version)
SELECT if(n % 10 = 0, 'outlet', 'shop'), concat('deviceid-', toString(n)), concat('customer-', toString(n)), toDateTime(END), 'identify', n % 1024, 1
FROM (SELECT number + 1 AS n FROM numbers(FIRST, COUNT)) WHERE n % 51 = 0;

INSERT INTO throughline.rejected_touchpoints_log (site, rejection_id, reason, field, detail, message_id, raw, received_at, rules_version, component, kafka_partition, kafka_offset)
SELECT
    if(n % 10 = 0, 'outlet', 'shop'), reinterpretAsUUID(sipHash128(n)), ['invalid_id', 'wrong_type', 'unknown_field'][1 + n % 3], ['anonymous_id', 'passive', 'anonymousId'][1 + n % 3],
    'what is wrong', concat('r-', toString(n)), '{"event":"x"}', toDateTime64(END - intDiv(n * 86400 * DAYS, CUSTOMERS), 6, 'UTC'), 'v1', 'collector', -1, -1
FROM (SELECT number AS n FROM numbers(FIRST, COUNT)) WHERE n % 19 = 0;

-- Corrections: one journey in fifty is written again as a later version, one in two hundred is taken back.
INSERT INTO throughline.journeys_log
SELECT * REPLACE (version + 1 AS version, touchpoints + 1 AS touchpoints, cityHash64(customer_id) % 4 = 0 AS is_deleted)
FROM throughline.journeys_log WHERE cityHash64(customer_id) % 50 = 0 AND CHUNK;

INSERT INTO throughline.stage_transitions_log
SELECT * REPLACE (version + 1 AS version, cityHash64(customer_id) % 4 = 0 AS is_deleted)
FROM throughline.stage_transitions_log WHERE cityHash64(customer_id) % 50 = 0 AND CHUNK
