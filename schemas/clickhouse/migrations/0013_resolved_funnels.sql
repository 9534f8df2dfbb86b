CREATE OR REPLACE VIEW {{database}}.resolved_touchpoints{{on}} AS
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
    FROM (SELECT * FROM {{database}}.touchpoints_log FINAL) AS sent
    ASOF LEFT JOIN
    (
        SELECT site AS next_site, anonymous_id AS next_id, asserted_at AS next_at, min(i.user_id) AS next_user
        FROM {{database}}.identities_log AS i FINAL
        GROUP BY next_site, next_id, next_at
    ) AS e ON site = next_site AND anonymous_id = next_id AND occurred_at <= next_at
    LEFT JOIN
    (
        SELECT site AS seen_site, anonymous_id AS seen_id, uniqExact(i.user_id) AS users, any(i.user_id) AS some_user
        FROM {{database}}.identities_log AS i FINAL
        GROUP BY seen_site, seen_id
    ) AS o ON site = seen_site AND anonymous_id = seen_id
) AS t
SETTINGS {{quick_final}}
COMMENT 'One row a touchpoint with the customer that it belongs to, without session, journey and the stage in it: quicker than touchpoints';

{{/*
The funnels of events again, by the customer that each touchpoint belongs to.
*/}}
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
COMMENT 'sessions_with_gap(site, gap_seconds): the sessions that another gap would give, straight from the interactive touchpoints; number counts the sessions of a customer. Bots are left out';
