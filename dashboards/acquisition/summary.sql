-- What the journeys begun in the time range amount to so far.
SELECT
    count() AS journeys,
    countIf(cycle = 1) / nullIf(count(), 0) AS new_share,
    countIf(first_channel IN ('', 'direct')) / nullIf(count(), 0) AS unattributed_share,
    sum(purchases) AS orders,
    toFloat64(sum(revenue)) AS revenue_total,
    revenue_total / nullIf(count(), 0) AS revenue_per_journey
FROM journeys
WHERE $__timeFilter(started_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
