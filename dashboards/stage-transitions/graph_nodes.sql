-- The stages as nodes: how many steps lead into each, and as a coloured ring the share of each kind of step. start counts
-- the journeys that begin.
WITH ['start', 'awareness', 'consideration', 'intent', 'purchase', 'loyalty'] AS names
SELECT
    name AS id, name AS title, sum(transitions) AS mainstat,
    sumIf(transitions, to_stage = from_stage + 1 OR name = 'start') / mainstat AS arc__forward,
    sumIf(transitions, to_stage > from_stage + 1 AND name != 'start') / mainstat AS arc__skip,
    sumIf(transitions, to_stage < from_stage) / mainstat AS arc__back
FROM
(
    SELECT from_stage, to_stage, count() AS transitions
    FROM stage_transitions
    WHERE $__timeFilter(at)
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
        AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
        AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
        AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
        AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    GROUP BY from_stage, to_stage
)
ARRAY JOIN if(from_stage = 0, ['start', names[to_stage + 1]], [names[to_stage + 1]]) AS name
GROUP BY name
ORDER BY min(if(name = 'start', 0, to_stage))
