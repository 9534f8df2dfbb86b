-- How long the stage was held before the step, in seconds, for every pair of stages.
WITH quantilesExact(0.5, 0.9, 0.99)(dwell_seconds) AS quantiles, ['start', 'awareness', 'consideration', 'intent', 'purchase', 'loyalty'] AS names
SELECT
    names[from_stage + 1] AS from, names[to_stage + 1] AS to, count() AS transitions,
    quantiles[1] AS p50, quantiles[2] AS p90, quantiles[3] AS p99
FROM stage_transitions
WHERE $__timeFilter(at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    AND from_stage > 0
GROUP BY from_stage, to_stage
ORDER BY from_stage, to_stage
