-- Customers that reached each stage in any order, over all their journeys begun in the time range.
SELECT
    step AS stage,
    ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'][step] AS stage_name,
    counts[step] AS customers,
    all_customers,
    customers / nullIf(all_customers, 0) AS share
FROM
(
    SELECT
        count() AS all_customers,
        [countIf(awareness > 0), countIf(consideration > 0), countIf(intent > 0), countIf(purchase > 0), countIf(loyalty > 0)] AS counts
    FROM
    (
        SELECT
            count(awareness_at) AS awareness, count(consideration_at) AS consideration, count(intent_at) AS intent,
            count(purchase_at) AS purchase, count(loyalty_at) AS loyalty
        FROM journeys
        WHERE $__timeFilter(started_at)
            AND $__conditionalAll(site IN (${site:singlequote}), $site)
            AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
            AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
            AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
            AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
        GROUP BY site, customer_kind, customer_id
    )
)
ARRAY JOIN [1, 2, 3, 4, 5]::Array(UInt8) AS step
WHERE all_customers > 0
ORDER BY stage
