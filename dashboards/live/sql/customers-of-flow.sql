-- The customers behind a flow: those whose journeys made a transition in the time range.
SELECT
    site, customer_kind, customer_id, count() AS journeys, sum(touchpoints) AS touches, sum(purchases) AS orders,
    toFloat64(sum(revenue)) AS spent, max(furthest_stage) AS furthest, argMin(first_channel, started_at) AS entry,
    max(ended_at) AS last_seen, count() OVER () AS total
FROM journeys
WHERE journey_id IN
    (
        SELECT journey_id
        FROM stage_transitions
        WHERE $__timeFilter(at) AND from_stage = {from:UInt8} AND to_stage = {to:UInt8}
            AND $__conditionalAll(site IN (${site:singlequote}), $site)
            AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
            AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
            AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
            AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    )
GROUP BY site, customer_kind, customer_id
ORDER BY last_seen DESC, customer_id
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
