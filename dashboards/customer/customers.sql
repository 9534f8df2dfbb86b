-- Customers of journeys begun in the time range, the latest first; the way in for somebody who does not know an id yet.
SELECT
    customer_id AS customer, customer_kind, site,
    max(ended_at) AS last_seen, count() AS journeys, sum(touchpoints) AS touchpoint_count,
    max(furthest_stage) AS stage,
    ['', 'awareness', 'consideration', 'intent', 'purchase', 'loyalty'][stage + 1] AS furthest,
    sum(purchases) AS orders, toFloat64(sum(revenue)) AS revenue_total
FROM journeys
WHERE $__timeFilter(started_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
GROUP BY site, customer_kind, customer_id
ORDER BY last_seen DESC, customer
LIMIT 100
