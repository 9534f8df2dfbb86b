{{/*
Times are kept in a form that is read five times as fast and is no larger, and customers in one that FINAL reads faster where
it merges. Parts that are there already get it when they are merged.
*/}}
ALTER TABLE {{table "touchpoints"}}
    MODIFY COLUMN occurred_at CODEC(T64, LZ4),
    MODIFY COLUMN received_at CODEC(T64, LZ4),
    MODIFY COLUMN client_timestamp CODEC(T64, LZ4),
    MODIFY COLUMN sent_at CODEC(T64, LZ4);

ALTER TABLE {{table "sessions"}}
    MODIFY COLUMN started_at CODEC(T64, LZ4),
    MODIFY COLUMN ended_at CODEC(T64, LZ4),
    MODIFY COLUMN covered_until CODEC(T64, LZ4);

ALTER TABLE {{table "journeys"}}
    MODIFY COLUMN customer_id CODEC(LZ4),
    MODIFY COLUMN started_at CODEC(T64, LZ4),
    MODIFY COLUMN ended_at CODEC(T64, LZ4),
    MODIFY COLUMN timeout_at CODEC(T64, LZ4),
    MODIFY COLUMN awareness_at CODEC(T64, LZ4),
    MODIFY COLUMN consideration_at CODEC(T64, LZ4),
    MODIFY COLUMN intent_at CODEC(T64, LZ4),
    MODIFY COLUMN purchase_at CODEC(T64, LZ4),
    MODIFY COLUMN loyalty_at CODEC(T64, LZ4),
    MODIFY COLUMN touch_at CODEC(T64, LZ4);

ALTER TABLE {{table "stage_transitions"}}
    MODIFY COLUMN customer_id CODEC(LZ4),
    MODIFY COLUMN at CODEC(T64, LZ4),
    MODIFY COLUMN dwell_ms CODEC(T64, LZ4);

ALTER TABLE {{table "identities"}}
    MODIFY COLUMN asserted_at CODEC(T64, LZ4);

ALTER TABLE {{table "rejected_touchpoints"}}
    MODIFY COLUMN received_at CODEC(T64, LZ4);

{{/*
Functions and views that read tables themselves, now as quickly as the others and as exactly: what migration 0010 says of
partitions and indexes holds for every table of ours.
*/}}
{{/*
Functions and views that read tables themselves, now as quickly as the others and as exactly: what migration 0010 says of
partitions and indexes holds for every table of ours.
*/}}
CREATE OR REPLACE VIEW {{database}}.stage_funnel{{on}} AS
SELECT
    step AS stage, {{stage_name "stage"}} AS stage_name,
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
            arrayResize(sumForEach(arrayMap(at -> toUInt64(at != {{never}}),
                [awareness_at, consideration_at, intent_at, purchase_at, loyalty_at])), 5, 0),
            arrayResize(sumForEach(arrayMap(k -> toUInt64(depth >= k), [1, 2, 3, 4, 5])), 5, 0),
            arrayResize(sumForEach(arrayMap(k -> toUInt64(depth = k AND NOT bought AND timeout_at <= now64(3)), [1, 2, 3])), 3, 0),
            arrayResize(sumForEach(arrayMap(k -> toUInt64(depth = k AND NOT bought AND timeout_at > now64(3)), [1, 2, 3])), 3, 0),
            arrayResize(sumForEach(arrayMap(k -> toUInt64(depth = k AND bought), [1, 2, 3])), 3, 0)
        ) AS totals
    FROM {{database}}.journeys_log FINAL
    WHERE site = {site:String} AND started_at >= {from:DateTime64(3, 'UTC')} AND started_at < {to:DateTime64(3, 'UTC')}
)
ARRAY JOIN [1, 2, 3, 4, 5]::Array(UInt8) AS step
SETTINGS {{quick_final}}
COMMENT 'stage_funnel(site, from, to): of the journeys begun in [from, to) how many reached each stage in any order (reached) and in order (depth_reached), how many stopped there for good (dropped), may still go on (open) or bought without the steps between (skipped)';

CREATE OR REPLACE VIEW {{database}}.attribution{{on}} AS
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
            revenue, if(purchase_at != {{never}}, purchase_at, loyalty_at) AS bought_at,
            arrayFilter((at, name) -> at <= bought_at AND name != '', touch_at, touch_channel) AS path_at,
            arrayFilter((name, at) -> at <= bought_at AND name != '', touch_channel, touch_at) AS path,
            if(empty(path), ['(none)'], CAST(path, 'Array(String)')) AS channels,
            if(empty(path), [bought_at], path_at) AS times
        FROM {{database}}.journeys_log FINAL
        WHERE site = {site:String} AND purchases > 0
            AND NOT throwIf({model:String} NOT IN ('first', 'last', 'last_non_direct', 'linear', 'position', 'time_decay'),
                'unknown attribution model: use first, last, last_non_direct, linear, position or time_decay')
    )
)
ARRAY JOIN channels AS channel, weights AS weight
GROUP BY channel
SETTINGS {{quick_final}}
COMMENT 'attribution(site, model): conversions and revenue credited to each channel. A journey with a purchase is one conversion with the revenue of the journey; its path is the touches with a channel up to its first purchase. Models: first, last, last_non_direct, linear, position (40/20/40), time_decay (half-life 7 days)';

CREATE OR REPLACE VIEW {{database}}.event_funnel{{on}} AS
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
            FROM {{database}}.resolved_touchpoints
            WHERE site = {site:String} AND event IN {steps:Array(String)} AND NOT bot
            GROUP BY customer_kind, customer_id
        )
    )
)
ARRAY JOIN arrayEnumerate(steps) AS step
SETTINGS {{quick_final}}
COMMENT 'event_funnel(site, steps, window_seconds): customers that had the events in order, one row a step. With a window all steps lie within it of the first (any first step may anchor, ends included); 0 is no window. Bots are left out';

CREATE OR REPLACE VIEW {{database}}.event_funnel_in_session{{on}} AS
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
                FROM {{database}}.resolved_touchpoints
                WHERE site = {site:String} AND event IN {steps:Array(String)} AND NOT bot
            ) AS t
            ASOF INNER JOIN
            (
                SELECT customer_kind, customer_id, started_at, covered_until, session_id
                FROM {{database}}.sessions_log FINAL
                WHERE site = {site:String}
            ) AS s ON t.customer_kind = s.customer_kind AND t.customer_id = s.customer_id
                AND t.occurred_at >= s.started_at
            WHERE t.occurred_at <= s.covered_until
            GROUP BY s.session_id
        )
    )
)
ARRAY JOIN arrayEnumerate(steps) AS step
SETTINGS {{quick_final}}
COMMENT 'event_funnel_in_session(site, steps): sessions that had the events in order, one row a step. Bots are left out';

CREATE OR REPLACE VIEW {{database}}.sessions_with_gap{{on}} AS
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
        FROM {{database}}.resolved_touchpoints
        WHERE site = {site:String} AND NOT passive AND NOT bot
        WINDOW customer AS (PARTITION BY customer_kind, customer_id ORDER BY occurred_at
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
)
GROUP BY customer_kind, customer_id, number
SETTINGS {{quick_final}}
COMMENT 'sessions_with_gap(site, gap_seconds): the sessions that another gap would give, straight from the interactive touchpoints; number counts the sessions of a customer. Bots are left out';

CREATE OR REPLACE VIEW {{database}}.unlinks{{on}} AS
SELECT site, anonymous_id, user_id, nullIf(until, {{never}}) AS until, reason, received_at
FROM {{database}}.unlinks_log FINAL
SETTINGS {{quick_final}}
COMMENT 'One row a withdrawal: until when links of the pair do not count; NULL is for good';

CREATE OR REPLACE VIEW {{database}}.contributions{{on}} AS
SELECT site, user_id, anonymous_id, touches
FROM {{database}}.contributions_log FINAL
WHERE touches > 0
SETTINGS {{quick_final}}
COMMENT 'One row for each anonymous id that a user has touchpoints from';
