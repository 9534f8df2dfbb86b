-- From each stage (rows) to each stage (columns): how many steps. start is where journeys begin.
SELECT
    from_stage_name AS from,
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
GROUP BY from_stage, from_stage_name
ORDER BY from_stage
