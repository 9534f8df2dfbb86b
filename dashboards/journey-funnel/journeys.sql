-- The latest journeys of the time range that reached the chosen stages and ended as chosen.
SELECT
    started_at, site, customer_id AS customer, customer_kind,
    furthest_stage_name AS furthest, current_stage_name AS current, close_reason AS outcome,
    if(first_channel = '', '(none)', first_channel) AS entry_channel,
    if(first_campaign = '', '(none)', first_campaign) AS entry_campaign,
    touchpoints, sessions, purchases, toFloat64(revenue) AS revenue_total, ended_at AS last_touch_at
FROM journeys
WHERE $__timeFilter(started_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    AND $__conditionalAll(hasAny(arrayMap(k -> ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'][k], reached), [${stage:singlequote}]), $stage)
    AND $__conditionalAll(close_reason IN (${outcome:singlequote}), $outcome)
ORDER BY started_at DESC, customer
LIMIT 200
