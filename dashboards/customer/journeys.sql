-- All journeys of the customer, newest first.
SELECT
    started_at, ended_at, cycle, close_reason AS outcome, furthest_stage_name AS furthest,
    arrayStringConcat(arrayMap(k -> ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'][k], reached), ' → ') AS stages,
    if(first_channel = '', '(none)', first_channel) AS entry_channel,
    if(first_campaign = '', '(none)', first_campaign) AS entry_campaign,
    touchpoints, sessions, purchases, toFloat64(revenue) AS revenue_total, site
FROM journeys
WHERE customer_id = ${customer:singlequote}
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
ORDER BY started_at DESC
LIMIT 100
