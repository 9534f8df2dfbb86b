-- One row a stage. reached: journeys that touched the stage, in any order. in_order: journeys that touched all stages up to
-- it one after another; conversion and drop-off follow it. Of the journeys that came just so far, dropped are over, open may
-- still go on, skipped bought without the steps between. The columns *_before are for the period of the same length before.
SELECT
    step AS stage,
    ['awareness', 'consideration', 'intent', 'purchase', 'loyalty'][step] AS stage_name,
    sumIf(journeys, in_range AND has(touched, step)) AS reached,
    sumIf(journeys, in_range AND depth >= step) AS in_order,
    if(step = 1, NULL, in_order / nullIf(lagInFrame(in_order) OVER (ORDER BY step), 0)) AS conversion,
    in_order / nullIf(first_value(in_order) OVER (ORDER BY step), 0) AS conversion_from_start,
    1 - conversion AS drop_off,
    sumIf(journeys, in_range AND depth = step AND step < 4 AND NOT bought AND NOT is_open) AS dropped,
    sumIf(journeys, in_range AND depth = step AND step < 4 AND NOT bought AND is_open) AS open,
    sumIf(journeys, in_range AND depth = step AND step < 4 AND bought) AS skipped,
    sumIf(journeys, NOT in_range AND depth >= step) AS in_order_before,
    if(step = 1, NULL, in_order_before / nullIf(lagInFrame(in_order_before) OVER (ORDER BY step), 0)) AS conversion_before
FROM (SELECT arrayJoin([1, 2, 3, 4, 5])::UInt8 AS step) AS stages
LEFT JOIN
(
    -- Journeys that are alike in all that is asked: some hundred rows, however many journeys there are.
    SELECT
        started_at >= $__fromTime AS in_range, depth, is_open, won OR purchases > 0 AS bought,
        awareness_at IS NOT NULL AS a, consideration_at IS NOT NULL AS c, intent_at IS NOT NULL AS i, purchase_at IS NOT NULL AS p, loyalty_at IS NOT NULL AS l,
        arrayFilter((stage, is_touched) -> is_touched, [1, 2, 3, 4, 5], [a, c, i, p, l]) AS touched,
        count() AS journeys
    FROM journeys
    WHERE started_at >= $__fromTime - ($__toTime - $__fromTime) AND started_at <= $__toTime
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
        AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
        AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
        AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
        AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    GROUP BY in_range, depth, is_open, bought, a, c, i, p, l
) AS alike ON true
GROUP BY step
ORDER BY stage
