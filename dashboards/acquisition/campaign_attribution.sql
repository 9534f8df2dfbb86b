-- Revenue and orders credited to each campaign by three models. A journey that bought is one conversion with the revenue of
-- the journey; its path is the touches up to its first purchase. first and last take the ends of the touches with a
-- campaign; last_non_direct takes the campaign, if any, of the last touch whose channel is known and not direct.
SELECT
    credit.1 AS campaign_name,
    countIf(credit.2 = 'first') AS conversions_first,
    countIf(credit.2 = 'last') AS conversions_last,
    countIf(credit.2 = 'last_non_direct') AS conversions_last_non_direct,
    sumIf(revenue_total, credit.2 = 'first') AS revenue_first,
    sumIf(revenue_total, credit.2 = 'last') AS revenue_last,
    sumIf(revenue_total, credit.2 = 'last_non_direct') AS revenue_last_non_direct
FROM
(
    SELECT
        toFloat64(revenue) AS revenue_total,
        coalesce(purchase_at, loyalty_at) AS bought_at,
        arrayFilter(touch -> touch.3 <= bought_at, arrayZip(touch_campaign, touch_channel, touch_at)) AS path,
        arrayFirst(touch -> touch.1 != '', path).1 AS first_one,
        arrayLast(touch -> touch.1 != '', path).1 AS last_one,
        arrayLast(touch -> touch.2 NOT IN ('', 'direct'), path).1 AS last_non_direct_one
    FROM journeys
    WHERE $__timeFilter(started_at)
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
        AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
        AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
        AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
        AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
        AND purchases > 0
)
ARRAY JOIN [
    (if(first_one = '', '(none)', first_one), 'first'), (if(last_one = '', '(none)', last_one), 'last'),
    (if(last_non_direct_one = '', '(none)', last_non_direct_one), 'last_non_direct')
]::Array(Tuple(String, String)) AS credit
GROUP BY campaign_name
ORDER BY revenue_last_non_direct DESC, campaign_name
LIMIT 50
