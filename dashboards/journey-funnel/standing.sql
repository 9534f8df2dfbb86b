-- Where the journeys begun in the time range stand: by the furthest stage of each, how many are over without a purchase
-- (dropped), may still go on (open), or were won.
SELECT
    furthest_stage AS stage,
    ['(none)', 'awareness', 'consideration', 'intent', 'purchase', 'loyalty'][furthest_stage + 1] AS stage_name,
    countIf(close_reason = 'dropped') AS dropped,
    countIf(close_reason = 'open') AS open,
    countIf(close_reason = 'won') AS won
FROM journeys
WHERE $__timeFilter(started_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
GROUP BY stage
ORDER BY stage
