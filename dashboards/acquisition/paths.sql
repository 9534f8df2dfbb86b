-- The commonest paths to a purchase: the channels that touched a journey up to its first purchase, repeats drawn together.
SELECT
    if(empty(named), '(none)', arrayStringConcat(arraySlice(named, 1, 8), ' → ') || if(length(named) > 8, ' → …', '')) AS path,
    count() AS journeys,
    toFloat64(sum(revenue)) AS revenue_total,
    quantileExact(0.5)(dateDiff('second', started_at, bought_at)) AS time_to_purchase
FROM
(
    SELECT
        started_at, revenue,
        assumeNotNull(coalesce(purchase_at, loyalty_at)) AS bought_at,
        arrayCompact(arrayFilter((name, touched_at) -> touched_at <= bought_at AND name != '', touch_channel, touch_at)) AS named
    FROM journeys
    WHERE $__timeFilter(started_at)
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
        AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
        AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
        AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
        AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
        AND purchases > 0
)
GROUP BY path
ORDER BY journeys DESC, path
LIMIT 30
