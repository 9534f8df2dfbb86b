-- The journeys begun in the time range; *_change compares with the period of the same length before it.
WITH started_at >= $__fromTime AS in_range
SELECT
    countIf(in_range) AS journeys,
    countIf(in_range) / nullIf(countIf(NOT in_range), 0) - 1 AS journeys_change,
    countIf(in_range AND purchases > 0) / nullIf(countIf(in_range), 0) AS conversion,
    countIf(NOT in_range AND purchases > 0) / nullIf(countIf(NOT in_range), 0) AS conversion_before,
    conversion / nullIf(conversion_before, 0) - 1 AS conversion_change,
    toFloat64(sumIf(revenue, in_range)) AS revenue_total,
    revenue_total / nullIf(toFloat64(sumIf(revenue, NOT in_range)), 0) - 1 AS revenue_change,
    countIf(in_range AND is_open) / nullIf(countIf(in_range), 0) AS open_share
FROM journeys
WHERE started_at >= $__fromTime - ($__toTime - $__fromTime) AND started_at <= $__toTime
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
