-- Every pair of stages with steps between them: how many, what share of all steps out of the first stage, and how many
-- in the period of the same length before.
WITH at >= $__fromTime AS in_range, ['start', 'awareness', 'consideration', 'intent', 'purchase', 'loyalty'] AS names
SELECT
    from_stage, names[from_stage + 1] AS from, to_stage, names[to_stage + 1] AS to, any(kind) AS kind_name,
    countIf(in_range) AS transitions,
    transitions / sum(transitions) OVER (PARTITION BY from_stage) AS share,
    countIf(NOT in_range) AS transitions_before
FROM stage_transitions
WHERE at >= $__fromTime - ($__toTime - $__fromTime) AND at <= $__toTime
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
GROUP BY from_stage, to_stage
HAVING transitions > 0
ORDER BY from_stage, to_stage
