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
