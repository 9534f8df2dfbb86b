-- How many journeys entered each stage, over time.
SELECT
    $__timeInterval(at) AS time,
    countIf(to_stage = 1) AS awareness,
    countIf(to_stage = 2) AS consideration,
    countIf(to_stage = 3) AS intent,
    countIf(to_stage = 4) AS purchase,
    countIf(to_stage = 5) AS loyalty
FROM stage_transitions
WHERE $__timeFilter(at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
GROUP BY time
ORDER BY time
LIMIT 5000
