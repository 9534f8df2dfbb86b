-- The customers behind a bar of the funnel: those whose journeys of the time range came to a stage in order, or stand there.
SELECT
    site, customer_kind, customer_id, count() AS journeys, sum(touchpoints) AS touches, sum(purchases) AS orders,
    toFloat64(sum(revenue)) AS spent, max(furthest_stage) AS furthest, argMin(first_channel, started_at) AS entry,
    max(ended_at) AS last_seen, count() OVER () AS total
FROM journeys
WHERE $__timeFilter(started_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    AND multiIf(
        {part:String} = 'dropped', depth = {stage:UInt8} AND close_reason = 'dropped',
        {part:String} = 'open', depth = {stage:UInt8} AND is_open AND purchases = 0,
        {part:String} = 'skipped', depth = {stage:UInt8} AND purchases > 0,
        {part:String} = 'won', depth = {stage:UInt8} AND (won OR purchases > 0),
        depth >= {stage:UInt8})
GROUP BY site, customer_kind, customer_id
ORDER BY last_seen DESC, customer_id
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
