-- The steps as edges between the nodes, with their number.
WITH ['start', 'awareness', 'consideration', 'intent', 'purchase', 'loyalty'] AS names
SELECT
    concat(source, ' to ', target) AS id,
    names[from_stage + 1] AS source, names[to_stage + 1] AS target, count() AS mainstat
FROM stage_transitions
WHERE $__timeFilter(at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
GROUP BY from_stage, to_stage
ORDER BY from_stage, to_stage
