-- One row a stage. reached: journeys that touched the stage, in any order. in_order: journeys that touched all stages up to
-- it one after another; conversion and drop-off follow it. Of the journeys that came just so far, dropped are over, open may
-- still go on, skipped bought without the steps between. The columns *_before are for the period of the same length before.
WITH started_at >= $__fromTime AS in_range, depth AS k
SELECT
    step AS stage,
    ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'][step] AS stage_name,
    sums.1[step] AS reached,
    sums.2[step] AS in_order,
    if(step = 1, NULL, sums.2[step] / nullIf(sums.2[step - 1], 0)) AS conversion,
    sums.2[step] / nullIf(sums.2[1], 0) AS conversion_from_start,
    1 - conversion AS drop_off,
    if(step < 4, sums.3[step], 0) AS dropped,
    if(step < 4, sums.4[step], 0) AS open,
    if(step < 4, sums.5[step], 0) AS skipped,
    sums.6[step] AS in_order_before,
    if(step = 1, NULL, sums.6[step] / nullIf(sums.6[step - 1], 0)) AS conversion_before
FROM
(
    SELECT
        (
            [countIf(in_range AND awareness_at IS NOT NULL), countIf(in_range AND consideration_at IS NOT NULL),
                countIf(in_range AND intent_at IS NOT NULL), countIf(in_range AND purchase_at IS NOT NULL),
                countIf(in_range AND loyalty_at IS NOT NULL)],
            [countIf(in_range AND k >= 1), countIf(in_range AND k >= 2), countIf(in_range AND k >= 3), countIf(in_range AND k >= 4), countIf(in_range AND k >= 5)],
            [countIf(in_range AND k = 1 AND close_reason = 'dropped'), countIf(in_range AND k = 2 AND close_reason = 'dropped'), countIf(in_range AND k = 3 AND close_reason = 'dropped')],
            [countIf(in_range AND k = 1 AND is_open AND purchases = 0), countIf(in_range AND k = 2 AND is_open AND purchases = 0), countIf(in_range AND k = 3 AND is_open AND purchases = 0)],
            [countIf(in_range AND k = 1 AND purchases > 0), countIf(in_range AND k = 2 AND purchases > 0), countIf(in_range AND k = 3 AND purchases > 0)],
            [countIf(NOT in_range AND k >= 1), countIf(NOT in_range AND k >= 2), countIf(NOT in_range AND k >= 3), countIf(NOT in_range AND k >= 4), countIf(NOT in_range AND k >= 5)]
        ) AS sums
    FROM journeys
    WHERE started_at >= $__fromTime - ($__toTime - $__fromTime) AND started_at <= $__toTime
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
        AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
        AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
        AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
        AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
)
ARRAY JOIN [1, 2, 3, 4, 5]::Array(UInt8) AS step
ORDER BY stage
