-- How long journeys stay in a stage: seconds from the touch that entered it to the touch that left it for another. Visits
-- that have not ended are not in it. p50_before is for the period of the same length before.
WITH at >= $__fromTime AS in_range, quantilesExactIf(0.5, 0.9, 0.99)(dwell_seconds, in_range) AS quantiles
SELECT
    from_stage AS stage,
    ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'][from_stage] AS stage_name,
    countIf(in_range) AS visits,
    if(visits = 0, NULL, quantiles[1]) AS p50,
    if(visits = 0, NULL, quantiles[2]) AS p90,
    if(visits = 0, NULL, quantiles[3]) AS p99,
    if(countIf(NOT in_range) = 0, NULL, quantileExactIf(0.5)(dwell_seconds, NOT in_range)) AS p50_before
FROM stage_transitions
WHERE at >= $__fromTime - ($__toTime - $__fromTime) AND at <= $__toTime
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    AND from_stage > 0
GROUP BY stage
ORDER BY stage
