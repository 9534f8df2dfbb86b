{{/*
Months that nothing is written to any more are merged into one part, which FINAL reads as it lies.
*/}}
ALTER TABLE {{table "sessions"}} MODIFY SETTING min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE {{table "journeys"}} MODIFY SETTING min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE {{table "stage_transitions"}} MODIFY SETTING min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

{{/*
The views again, read faster and as exactly. A sort key holds the day that its partition is made of and the customer that
the skip indexes are about, so versions of a row never lie in two partitions, nor on both sides of an index.
*/}}
CREATE OR REPLACE VIEW {{database}}.sessions{{on}} AS
SELECT
    site, session_id, journey_id, customer_kind, customer_id,
    started_at, ended_at, covered_until,
    (toUnixTimestamp64Milli(ended_at) - toUnixTimestamp64Milli(started_at)) / 1000 AS duration_seconds,
    touchpoints, interactions, entry_channel, entry_campaign, device, country,
    entry_stage, {{stage_name "entry_stage"}} AS entry_stage_name,
    furthest_stage, {{stage_name "furthest_stage"}} AS furthest_stage_name,
    purchases, revenue, bucket, version
FROM {{database}}.sessions_log FINAL
SETTINGS {{quick_final}}
COMMENT 'One row a session: a run of interactive touchpoints of one customer without a gap longer than the site allows';

CREATE OR REPLACE VIEW {{database}}.journeys{{on}} AS
SELECT
    j.site AS site, journey_id, customer_kind, customer_id, cycle,
    started_at, ended_at, timeout_at,
    nullIf(j.awareness_at, {{never}}) AS awareness_at,
    nullIf(j.consideration_at, {{never}}) AS consideration_at,
    nullIf(j.intent_at, {{never}}) AS intent_at,
    nullIf(j.purchase_at, {{never}}) AS purchase_at,
    nullIf(j.loyalty_at, {{never}}) AS loyalty_at,
    arrayFilter((stage, at) -> at != {{never}}, [1, 2, 3, 4, 5],
        [j.awareness_at, j.consideration_at, j.intent_at, j.purchase_at, j.loyalty_at]) AS reached,
    depth,
    entry_stage, {{stage_name "entry_stage"}} AS entry_stage_name,
    furthest_stage, {{stage_name "furthest_stage"}} AS furthest_stage_name,
    current_stage, {{stage_name "current_stage"}} AS current_stage_name,
    won, NOT won AND timeout_at > now64(3) AS is_open,
    multiIf(won, 'won', timeout_at > now64(3), 'open', purchases > 0, 'won', 'dropped') AS close_reason,
    touchpoints, interactions, sessions, purchases, revenue,
    first_channel, last_channel, last_non_direct_channel, first_campaign, last_campaign, device, country,
    touch_at, touch_stage, touch_channel, touch_campaign, bucket, version
FROM {{database}}.journeys_log AS j FINAL
SETTINGS {{quick_final}}
COMMENT 'One row a journey: when each stage was first reached, ordered depth, counts, revenue and the touches as arrays. is_open and close_reason (won, open, dropped) are as of now';

CREATE OR REPLACE VIEW {{database}}.stage_transitions{{on}} AS
SELECT
    site, transition_id, journey_id, customer_kind, customer_id, cycle, seq,
    from_stage, if(from_stage = 0, 'start', {{stage_name "from_stage"}}) AS from_stage_name,
    to_stage, {{stage_name "to_stage"}} AS to_stage_name,
    at, dwell_ms / 1000 AS dwell_seconds, kind, channel, campaign, device, country, bucket, version
FROM {{database}}.stage_transitions_log FINAL
SETTINGS {{quick_final}}
COMMENT 'One row a step between two stages of a journey; the first step of a journey comes from start';

CREATE OR REPLACE VIEW {{database}}.identities{{on}} AS
SELECT site, anonymous_id, user_id, asserted_at, source, bucket, version
FROM {{database}}.identities_log FINAL
SETTINGS {{quick_final}}
COMMENT 'One row for each time a user was seen on an anonymous id';

CREATE OR REPLACE VIEW {{database}}.rejected_touchpoints{{on}} AS
SELECT site, rejection_id, reason, field, detail, message_id, raw, received_at, rules_version, component,
    topic, kafka_partition, kafka_offset
FROM {{database}}.rejected_touchpoints_log FINAL
SETTINGS {{quick_final}}
COMMENT 'One row an event that was refused, with the reason, the field at fault and the bytes as received';

CREATE OR REPLACE VIEW {{database}}.customers{{on}} AS
SELECT
    site, customer_kind, customer_id,
    count() AS journeys, sum(j.sessions) AS sessions, sum(j.touchpoints) AS touchpoints,
    sum(purchases) AS orders, sum(j.revenue) AS revenue,
    min(started_at) AS first_seen, max(ended_at) AS last_seen,
    max(j.furthest_stage) AS furthest_stage, {{stage_name "furthest_stage"}} AS furthest_stage_name,
    argMin(j.first_channel, cycle) AS first_channel, argMax(j.last_channel, cycle) AS last_channel
FROM {{database}}.journeys_log AS j FINAL
GROUP BY site, customer_kind, customer_id
SETTINGS {{quick_final}}
COMMENT 'One row a customer over all journeys: sessions, orders (purchases), revenue, first and last seen, furthest stage';

CREATE OR REPLACE VIEW {{database}}.touchpoints{{on}} AS
SELECT
    t.site AS site, t.message_id AS message_id,
    t.customer_kind AS customer_kind, t.customer_id AS customer_id,
    t.user_id AS user_id, t.anonymous_id AS anonymous_id,
    if(t.occurred_at <= s.covered_until, toNullable(s.session_id), NULL) AS session_id,
    if(t.occurred_at <= j.ended_at, toNullable(j.journey_id), NULL) AS journey_id,
    t.type AS type, t.event AS event,
    -- A purchase after the journey's first, or after one of an earlier journey, counts as loyalty.
    if(t.stage = 4 AND t.occurred_at <= j.ended_at AND j.loyalty_at != {{never}} AND t.occurred_at >= j.loyalty_at
        AND (j.purchase_at = {{never}} OR t.occurred_at > j.purchase_at), 5, t.stage)::UInt8 AS stage,
    {{stage_name "stage"}} AS stage_name,
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
FROM (SELECT * FROM {{database}}.touchpoints_log FINAL) AS t
ASOF LEFT JOIN
(
    SELECT site, customer_kind, customer_id, started_at, covered_until, session_id
    FROM {{database}}.sessions_log FINAL
) AS s ON t.site = s.site AND t.customer_kind = s.customer_kind AND t.customer_id = s.customer_id
    AND t.occurred_at >= s.started_at
ASOF LEFT JOIN
(
    SELECT site, customer_kind, customer_id, started_at, ended_at, purchase_at, loyalty_at, journey_id
    FROM {{database}}.journeys_log FINAL
) AS j ON t.site = j.site AND t.customer_kind = j.customer_kind AND t.customer_id = j.customer_id
    AND t.occurred_at >= j.started_at
SETTINGS {{quick_final}}
COMMENT 'One row a touchpoint, with the session and journey that it belongs to now (NULL when none) and its stage in that journey';

CREATE OR REPLACE VIEW {{database}}.accepted_touchpoints{{on}} AS
SELECT * EXCEPT(is_deleted)
FROM {{database}}.touchpoints_log FINAL
SETTINGS {{quick_final}}
COMMENT 'One row a touchpoint as it was accepted, without the session, journey and stage that it has in them: for counting many, fast';
