-- Journeys begun in the time range by the channel of their first touch: the share that reached each stage in any order, and what they brought.
-- journeys_change compares with the period of the same length before.
WITH started_at >= $__fromTime AS in_range
SELECT
    if(first_channel = '', '(none)', first_channel) AS channel_name,
    countIf(in_range) AS journeys,
    journeys / nullIf(countIf(NOT in_range), 0) - 1 AS journeys_change,
    countIf(in_range AND consideration_at IS NOT NULL) / journeys AS consideration,
    countIf(in_range AND intent_at IS NOT NULL) / journeys AS intent,
    countIf(in_range AND purchases > 0) / journeys AS purchase,
    countIf(in_range AND loyalty_at IS NOT NULL) / journeys AS loyalty,
    countIf(in_range AND NOT won AND NOT is_open AND purchases = 0) / journeys AS dropped,
    toFloat64(sumIf(revenue, in_range)) AS revenue_total
FROM journeys
WHERE started_at >= $__fromTime - ($__toTime - $__fromTime) AND started_at <= $__toTime
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
GROUP BY first_channel
HAVING journeys > 0
ORDER BY journeys DESC, channel_name
LIMIT 50
