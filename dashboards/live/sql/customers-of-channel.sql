-- The customers behind a channel: those whose journeys of the time range began with it.
SELECT
    site, customer_kind, customer_id, count() AS journeys, sum(touchpoints) AS touches, sum(purchases) AS orders,
    toFloat64(sum(revenue)) AS spent, max(furthest_stage) AS furthest, argMin(first_channel, started_at) AS entry,
    max(ended_at) AS last_seen, count() OVER () AS total
FROM journeys
WHERE $__timeFilter(started_at) AND if(first_channel = '', '(none)', first_channel) = {of:String}
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
GROUP BY site, customer_kind, customer_id
ORDER BY last_seen DESC, customer_id
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
