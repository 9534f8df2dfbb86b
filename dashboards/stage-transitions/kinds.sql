-- Steps forward to the next stage, past one or more stages, and back, over time. First steps are left out.
SELECT
    time,
    sumIf(transitions, to_stage = from_stage + 1) AS forward,
    sumIf(transitions, to_stage > from_stage + 1) AS skip,
    sumIf(transitions, to_stage < from_stage) AS back
FROM
(
    SELECT $__timeInterval(at) AS time, from_stage, to_stage, count() AS transitions
    FROM stage_transitions
    WHERE $__timeFilter(at)
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
        AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
        AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
        AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
        AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
        AND from_stage > 0
    GROUP BY time, from_stage, to_stage
)
GROUP BY time
ORDER BY time
LIMIT 5000
