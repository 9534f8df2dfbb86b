-- From the channel of the first touch to the furthest stage: journeys begun in the time range, how many of them got no further than each
-- stage, the share that bought, and the revenue of them all.
SELECT
    if(first_channel = '', '(none)', first_channel) AS channel_name,
    count() AS journeys,
    countIf(furthest_stage = 0) AS no_stage,
    countIf(furthest_stage = 1) AS awareness,
    countIf(furthest_stage = 2) AS consideration,
    countIf(furthest_stage = 3) AS intent,
    countIf(furthest_stage = 4) AS purchase,
    countIf(furthest_stage = 5) AS loyalty,
    countIf(purchases > 0) / journeys AS conversion,
    toFloat64(sum(revenue)) AS revenue_total,
    revenue_total / journeys AS revenue_per_journey
FROM journeys
WHERE $__timeFilter(started_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
GROUP BY first_channel
ORDER BY journeys DESC, channel_name
LIMIT 50
