-- One row a stage. reached: journeys that touched the stage, in any order. in_order: journeys that touched all stages up to
-- it one after another; conversion and drop-off follow it. Of the journeys that came just so far, dropped are over, open may
-- still go on, skipped bought without the steps between. The columns *_before are for the period of the same length before.
WITH
    [1, 2, 3, 4, 5]::Array(UInt8) AS steps,
    started_at >= $__fromTime AS in_range,
    arrayMap(k -> k <= depth, steps) AS so_far,
    arrayMap(k -> k = depth AND k < 4, steps) AS just_there
SELECT
    step AS stage,
    ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'][step] AS stage_name,
    sums.1[step] AS reached,
    sums.2[step] AS in_order,
    if(step = 1, NULL, sums.2[step] / nullIf(sums.2[step - 1], 0)) AS conversion,
    sums.2[step] / nullIf(sums.2[1], 0) AS conversion_from_start,
    1 - conversion AS drop_off,
    sums.3[step] AS dropped,
    sums.4[step] AS open,
    sums.5[step] AS skipped,
    sums.6[step] AS in_order_before,
    if(step = 1, NULL, sums.6[step] / nullIf(sums.6[step - 1], 0)) AS conversion_before
FROM
(
    SELECT (
        sumForEachIf(arrayMap(k -> has(reached, k), steps), in_range),
        sumForEachIf(so_far, in_range),
        sumForEachIf(just_there, in_range AND close_reason = 'dropped'),
        sumForEachIf(just_there, in_range AND is_open AND purchases = 0),
        sumForEachIf(just_there, in_range AND purchases > 0),
        sumForEachIf(so_far, NOT in_range)
    ) AS sums
    FROM journeys
    WHERE started_at >= $__fromTime - ($__toTime - $__fromTime) AND started_at <= $__toTime
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
        AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
        AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
        AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
        AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
)
ARRAY JOIN steps AS step
ORDER BY stage
