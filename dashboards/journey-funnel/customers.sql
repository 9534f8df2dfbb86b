-- Customers that reached each stage in any order, over all their journeys begun in the time range.
SELECT
    step AS stage,
    ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'][step] AS stage_name,
    countIf(has(stages, step)) AS customers,
    count() AS all_customers,
    customers / nullIf(all_customers, 0) AS share
FROM
(
    SELECT groupUniqArrayArray(reached) AS stages
    FROM journeys
    WHERE $__timeFilter(started_at)
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
        AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
        AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
        AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
        AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    GROUP BY site, customer_kind, customer_id
)
ARRAY JOIN [1, 2, 3, 4, 5]::Array(UInt8) AS step
GROUP BY step
ORDER BY stage
