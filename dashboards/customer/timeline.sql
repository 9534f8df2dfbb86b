-- What the customer did in the time range, newest first: the touchpoints that the view touchpoints gives the customer, found
-- without reading those of everybody else. An anonymous touchpoint belongs to the user of the next login on its anonymous id,
-- else to the only user ever seen there.
WITH
    mine AS (SELECT anonymous_id FROM identities WHERE user_id = ${customer:singlequote}),
    logins AS (SELECT site, anonymous_id, asserted_at, user_id FROM identities WHERE anonymous_id GLOBAL IN (SELECT * FROM mine) OR anonymous_id = ${customer:singlequote})
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
    SELECT sent.*, multiIf(customer_kind = 'user', customer_id, next_user != '', next_user, users = 1, some_user, customer_id) AS belongs_to
    FROM
    (
        SELECT * FROM accepted_touchpoints
        WHERE $__timeFilter(occurred_at)
            AND (customer_id = ${customer:singlequote} OR customer_id GLOBAL IN (SELECT * FROM mine))
            AND $__conditionalAll(site IN (${site:singlequote}), $site)
    ) AS sent
    ASOF LEFT JOIN
    (
        SELECT site AS next_site, anonymous_id AS next_id, asserted_at AS next_at, min(user_id) AS next_user
        FROM logins
        GROUP BY next_site, next_id, next_at
    ) AS e ON site = next_site AND anonymous_id = next_id AND occurred_at <= next_at
    LEFT JOIN
    (
        SELECT site AS seen_site, anonymous_id AS seen_id, uniqExact(user_id) AS users, any(user_id) AS some_user
        FROM logins
        GROUP BY seen_site, seen_id
    ) AS o ON site = seen_site AND anonymous_id = seen_id
    WHERE belongs_to = ${customer:singlequote}
) AS t
ASOF LEFT JOIN
(
    SELECT site, started_at, covered_until FROM sessions WHERE customer_id = ${customer:singlequote}
) AS s ON t.site = s.site AND t.occurred_at >= s.started_at
ASOF LEFT JOIN
(
    SELECT site, started_at, ended_at, purchase_at, loyalty_at FROM journeys WHERE customer_id = ${customer:singlequote}
) AS j ON t.site = j.site AND t.occurred_at >= j.started_at
ORDER BY occurred_at DESC, message_id DESC
LIMIT 1000
