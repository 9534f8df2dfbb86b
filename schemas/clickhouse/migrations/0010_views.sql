{{/*
Views are read fast and exactly: a sort key holds the day that its partition is made of and the customer that the skip indexes are
about, so versions of a row never lie in two partitions, nor on both sides of an index.
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

CREATE OR REPLACE VIEW {{database}}.identities{{on}} AS
SELECT site, anonymous_id, user_id, asserted_at, source, bucket, version
FROM {{database}}.identities_log FINAL
SETTINGS {{quick_final}}
COMMENT 'One row for each time a user was seen on an anonymous id';

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

CREATE OR REPLACE VIEW {{database}}.rejected_touchpoints{{on}} AS
SELECT site, rejection_id, reason, field, detail, message_id, raw, received_at, rules_version, component,
    topic, kafka_partition, kafka_offset
FROM {{database}}.rejected_touchpoints_log FINAL
SETTINGS {{quick_final}}
COMMENT 'One row an event that was refused, with the reason, the field at fault and the bytes as received';

CREATE OR REPLACE VIEW {{database}}.accepted_touchpoints{{on}} AS
SELECT * EXCEPT(is_deleted)
FROM {{database}}.touchpoints_log FINAL
SETTINGS {{quick_final}}
COMMENT 'One row a touchpoint as it was accepted, without the session, journey and stage that it has in them: for counting many, fast';
