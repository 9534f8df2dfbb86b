{{/*
Who an anonymous touchpoint belongs to, as the processor decides it: the user of the first edge at or after it, else the only
user of the anonymous id. Of edges at one time the lesser user id comes first.
*/}}
{{define "resolved"}}(
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
) AS t{{end -}}
CREATE OR REPLACE VIEW {{database}}.touchpoints{{on}} AS
SELECT
    t.site AS site, t.message_id AS message_id,
    t.resolved_kind AS customer_kind, t.resolved_id AS customer_id, t.resolved_by AS resolved_by,
    t.user_id AS user_id, t.anonymous_id AS anonymous_id,
    if(t.occurred_at <= s.covered_until, toNullable(s.session_id), NULL) AS session_id,
    if(t.occurred_at <= j.ended_at, toNullable(j.journey_id), NULL) AS journey_id,
    t.type AS type, t.event AS event,
    -- A purchase after the journey's first, or after one of an earlier journey, counts as loyalty.
    if(t.stage = 4 AND t.occurred_at <= j.ended_at AND j.loyalty_at != {{never}} AND t.occurred_at >= j.loyalty_at
        AND (j.purchase_at = {{never}} OR t.occurred_at > j.purchase_at), 5, t.stage)::UInt8 AS stage,
    {{stage_name "stage"}} AS stage_name, t.stage = 4 AS is_purchase,
    t.stage_rule AS stage_rule, t.rules_version AS rules_version, t.passive AS passive,
    t.occurred_at AS occurred_at, t.received_at AS received_at,
    nullIf(t.client_timestamp, {{never}}) AS client_timestamp, nullIf(t.sent_at, {{never}}) AS sent_at,
    t.channel AS channel, t.campaign AS campaign, t.campaign_source AS campaign_source,
    t.campaign_medium AS campaign_medium, t.campaign_term AS campaign_term, t.campaign_content AS campaign_content,
    t.click_id_kind AS click_id_kind, t.click_id AS click_id,
    t.url AS url, t.path AS path, t.referrer AS referrer, t.title AS title,
    t.user_agent AS user_agent, t.browser AS browser, t.os AS os, t.device AS device,
    t.bot AS bot, t.bot_reason AS bot_reason, t.ip AS ip, t.country AS country, t.locale AS locale,
    t.revenue AS revenue, t.currency AS currency, t.order_id AS order_id, t.survey AS survey, t.score AS score,
    t.properties AS properties, t.context AS context, t.source AS source, t.bucket AS bucket, t.version AS version
FROM
{{template "resolved"}}
ASOF LEFT JOIN
(
    SELECT site, customer_kind, customer_id, started_at, covered_until, session_id
    FROM {{database}}.sessions_log FINAL
) AS s ON t.site = s.site AND t.resolved_kind = s.customer_kind AND t.resolved_id = s.customer_id
    AND t.occurred_at >= s.started_at
ASOF LEFT JOIN
(
    SELECT site, customer_kind, customer_id, started_at, ended_at, purchase_at, loyalty_at, journey_id
    FROM {{database}}.journeys_log FINAL
) AS j ON t.site = j.site AND t.resolved_kind = j.customer_kind AND t.resolved_id = j.customer_id
    AND t.occurred_at >= j.started_at
SETTINGS {{quick_final}}
COMMENT 'One row a touchpoint, with the customer, session and journey that it belongs to now (NULL when none) and its stage in that journey. resolved_by: sent (with a user id), next or only (of the users seen on the anonymous id), shared or nobody (it stays anonymous)';

CREATE OR REPLACE VIEW {{database}}.resolved_touchpoints{{on}} AS
SELECT
    t.site AS site, t.message_id AS message_id,
    t.resolved_kind AS customer_kind, t.resolved_id AS customer_id, t.resolved_by AS resolved_by,
    t.user_id AS user_id, t.anonymous_id AS anonymous_id, t.type AS type, t.event AS event, t.stage AS stage,
    t.stage_rule AS stage_rule, t.passive AS passive, t.occurred_at AS occurred_at, t.received_at AS received_at,
    t.channel AS channel, t.campaign AS campaign, t.device AS device, t.country AS country, t.bot AS bot,
    t.revenue AS revenue, t.currency AS currency, t.order_id AS order_id, t.source AS source
FROM
{{template "resolved"}}
SETTINGS {{quick_final}}
COMMENT 'One row a touchpoint with the customer that it belongs to, without session, journey and the stage in it: quicker than touchpoints';

CREATE OR REPLACE VIEW {{database}}.stitching{{on}} AS
SELECT
    site, assumeNotNull(t.journey_id) AS journey_id, t.customer_id AS user_id, min(t.occurred_at) AS first_touch_at,
    countIf(t.user_id = '') AS stitched_touchpoints, countIf(t.user_id != '') AS own_touchpoints,
    uniqExactIf(t.anonymous_id, t.user_id = '') AS anonymous_ids,
    countIf(t.is_purchase) AS conversions, sumIf(t.revenue, t.is_purchase) AS revenue,
    countIf(t.is_purchase AND t.user_id = '') AS stitched_conversions, sumIf(t.revenue, t.is_purchase AND t.user_id = '') AS stitched_revenue,
    argMinIf(t.channel, t.occurred_at, t.channel != '') AS first_channel,
    argMinIf(t.channel, t.occurred_at, t.channel != '' AND t.user_id != '') AS first_channel_alone,
    first_channel != first_channel_alone AS moved
FROM {{database}}.touchpoints AS t
WHERE t.customer_kind = 'user' AND t.journey_id IS NOT NULL
GROUP BY site, journey_id, user_id
HAVING stitched_touchpoints > 0
COMMENT 'One row a journey that has touchpoints from before a login or after a logout: its conversions and revenue, and the first channel with those touchpoints and without. moved: the conversions count for another channel than they would without stitching';
