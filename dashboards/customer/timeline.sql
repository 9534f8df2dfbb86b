-- What the customer did in the time range, newest first, with the stage that each touchpoint had in its journey.
SELECT
    occurred_at, stage_name AS stage, event, type,
    if(channel = '', NULL, channel) AS channel_name, if(campaign = '', NULL, campaign) AS campaign_name,
    if(path = '', title, path) AS page, device, country,
    if(revenue = 0, NULL, toFloat64(revenue)) AS revenue_total, currency,
    stage_rule AS rule, if(passive, 'passive', '') AS passive_mark,
    dense_rank() OVER (ORDER BY session_id) AS session_number,
    received_at, anonymous_id, user_id, site, message_id
FROM touchpoints
WHERE $__timeFilter(occurred_at)
    AND customer_id = ${customer:singlequote}
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
ORDER BY occurred_at DESC, message_id DESC
LIMIT 1000
