-- What the customer did in the time range, newest first, with the stage that each touchpoint had in its journey.
SELECT
    t.occurred_at AS occurred_at,
    -- A purchase after the first of the journey, or after one of an earlier journey, counts as loyalty.
    if(t.stage = 4 AND t.occurred_at <= j.ended_at AND j.loyalty_at IS NOT NULL AND t.occurred_at >= j.loyalty_at
        AND (j.purchase_at IS NULL OR t.occurred_at > j.purchase_at), 5, t.stage) AS stage_number,
    ['', 'awareness', 'consideration', 'intent', 'purchase', 'loyalty'][stage_number + 1] AS stage,
    if(t.event = '', t.type, t.event) AS event,
    if(t.path = '', t.title, t.path) AS page,
    t.channel AS channel_name, t.campaign AS campaign_name, t.device AS device_name, t.country AS country_name,
    if(t.revenue = 0, NULL, toFloat64(t.revenue)) AS revenue_amount,
    t.stage_rule AS rule,
    if(t.occurred_at <= s.covered_until, toNullable(s.started_at), NULL) AS session_started_at,
    t.received_at AS received_at, t.anonymous_id AS anonymous_id, t.site AS site_name, t.message_id AS message_id
FROM
(
    SELECT * FROM accepted_touchpoints
    WHERE $__timeFilter(occurred_at)
        AND customer_id = ${customer:singlequote}
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
) AS t
ASOF LEFT JOIN
(
    SELECT site, customer_kind, customer_id, started_at, covered_until FROM sessions
    WHERE customer_id = ${customer:singlequote}
) AS s ON t.site = s.site AND t.customer_kind = s.customer_kind AND t.customer_id = s.customer_id
    AND t.occurred_at >= s.started_at
ASOF LEFT JOIN
(
    SELECT site, customer_kind, customer_id, started_at, ended_at, purchase_at, loyalty_at FROM journeys
    WHERE customer_id = ${customer:singlequote}
) AS j ON t.site = j.site AND t.customer_kind = j.customer_kind AND t.customer_id = j.customer_id
    AND t.occurred_at >= j.started_at
ORDER BY occurred_at DESC, message_id DESC
LIMIT 1000
