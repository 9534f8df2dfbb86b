-- All sessions of the customer, newest first.
SELECT
    started_at, duration_seconds AS duration, touchpoints, interactions,
    if(entry_channel = '', '(none)', entry_channel) AS channel_name,
    if(entry_campaign = '', '(none)', entry_campaign) AS campaign_name,
    device, country, furthest_stage_name AS furthest, purchases, toFloat64(revenue) AS revenue_total
FROM sessions
WHERE customer_id = ${customer:singlequote}
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
ORDER BY started_at DESC
LIMIT 500
