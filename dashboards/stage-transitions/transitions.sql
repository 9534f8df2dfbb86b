-- The latest steps between the chosen stages.
SELECT
    at, site, customer_id AS customer, customer_kind, from_stage_name AS from, to_stage_name AS to, kind,
    if(from_stage = 0, NULL, dwell_seconds) AS dwell,
    if(channel = '', '(none)', channel) AS channel_name, if(campaign = '', '(none)', campaign) AS campaign_name
FROM stage_transitions
WHERE $__timeFilter(at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    AND $__conditionalAll(from_stage_name IN (${from_stage:singlequote}), $from_stage)
    AND $__conditionalAll(to_stage_name IN (${to_stage:singlequote}), $to_stage)
ORDER BY at DESC, customer
LIMIT 200
