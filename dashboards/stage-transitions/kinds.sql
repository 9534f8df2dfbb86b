-- Steps forward to the next stage, past one or more stages, and back, over time. First steps are left out.
SELECT
    $__timeInterval(at) AS time,
    countIf(kind = 'forward') AS forward,
    countIf(kind = 'skip') AS skip,
    countIf(kind = 'back') AS back
FROM stage_transitions
WHERE $__timeFilter(at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    AND from_stage > 0
GROUP BY time
ORDER BY time
LIMIT 5000
