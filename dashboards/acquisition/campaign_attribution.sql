-- Revenue and orders credited to each campaign by three models. A journey that bought is one conversion with the revenue of
-- the journey; its path is the touches up to its first purchase. first and last take the ends of the touches with a
-- campaign; last_non_direct takes the campaign, if any, of the last touch whose channel is known and not direct.
SELECT
    if(credit.1 = '', '(none)', credit.1) AS campaign_name,
    sumIf(orders, credit.2 = 'first') AS conversions_first,
    sumIf(orders, credit.2 = 'last') AS conversions_last,
    sumIf(orders, credit.2 = 'last_non_direct') AS conversions_last_non_direct,
    sumIf(revenue_total, credit.2 = 'first') AS revenue_first,
    sumIf(revenue_total, credit.2 = 'last') AS revenue_last,
    sumIf(revenue_total, credit.2 = 'last_non_direct') AS revenue_last_non_direct
FROM
(
    SELECT first_one, last_one, last_non_direct_one, count() AS orders, toFloat64(sum(revenue)) AS revenue_total
    FROM
    (
        SELECT
            revenue,
            assumeNotNull(coalesce(purchase_at, loyalty_at)) AS bought_at,
            arrayFilter((name, touched_at) -> touched_at <= bought_at AND name != '', touch_campaign, touch_at) AS path,
            path[1] AS first_one,
            path[-1] AS last_one,
            arrayLast((name, channel, touched_at) -> touched_at <= bought_at AND channel NOT IN ('', 'direct'), touch_campaign, touch_channel, touch_at) AS last_non_direct_one
        FROM journeys
        WHERE $__timeFilter(started_at)
            AND $__conditionalAll(site IN (${site:singlequote}), $site)
            AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
            AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
            AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
            AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
            AND purchases > 0
    )
    GROUP BY first_one, last_one, last_non_direct_one
)
ARRAY JOIN [(first_one, 'first'), (last_one, 'last'), (last_non_direct_one, 'last_non_direct')] AS credit
GROUP BY campaign_name
ORDER BY revenue_last_non_direct DESC, campaign_name
LIMIT 50
