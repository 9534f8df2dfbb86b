-- The steps between stages in the time range, and the share of each kind. First steps, from the start, are left out.
SELECT
    sum(steps) AS transitions,
    sumIf(steps, to_stage = from_stage + 1) / nullIf(transitions, 0) AS forward_share,
    sumIf(steps, to_stage > from_stage + 1) / nullIf(transitions, 0) AS skip_share,
    sumIf(steps, to_stage < from_stage) / nullIf(transitions, 0) AS back_share
FROM
(
    SELECT from_stage, to_stage, count() AS steps
    FROM stage_transitions
    WHERE $__timeFilter(at)
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
        AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
        AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
        AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
        AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
        AND from_stage > 0
    GROUP BY from_stage, to_stage
)
