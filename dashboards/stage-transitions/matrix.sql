-- From each stage (rows) to each stage (columns): how many steps. start is where journeys begin.
SELECT
    ['start', 'awareness', 'consideration', 'intent', 'purchase', 'loyalty'][from_stage + 1] AS from,
    sumIf(transitions, to_stage = 1) AS awareness,
    sumIf(transitions, to_stage = 2) AS consideration,
    sumIf(transitions, to_stage = 3) AS intent,
    sumIf(transitions, to_stage = 4) AS purchase,
    sumIf(transitions, to_stage = 5) AS loyalty
FROM
(
    SELECT from_stage, to_stage, count() AS transitions
    FROM stage_transitions
    WHERE $__timeFilter(at)
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
        AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
        AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
        AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
        AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    GROUP BY from_stage, to_stage
)
GROUP BY from_stage
ORDER BY from_stage
