-- Customers that had the chosen events in this order, within the chosen time of the first of them (0: any time). Any
-- occurrence of the first event may be the one that the rest follows. Bots are left out.
WITH
    arrayMap(name -> trimBoth(name), splitByChar(',', ${steps:singlequote})) AS steps,
    toInt64(toUInt32OrZero(${window:singlequote})) * 1000 AS window_ms,
    arrayMap(name -> indexOf(steps, name), steps) AS wanted
SELECT
    step, steps[step] AS event, reached[step] AS customers,
    if(step = 1, NULL, reached[step] / nullIf(reached[step - 1], 0)) AS conversion,
    reached[step] / nullIf(reached[1], 0) AS conversion_from_start
FROM
(
    SELECT arrayResize(sumForEach(arrayMap(anchor -> toUInt64(anchor > 0), anchors)), length(steps), 0) AS reached
    FROM
    (
        -- anchors[k]: the latest first event from which event k was reached so far, 0 when it was not.
        SELECT arrayFold(
            (anchors, at, hit) -> arrayMap(
                (anchor, before, want, pos) -> multiIf(
                    want != hit, anchor,
                    pos = 1, at,
                    before > 0 AND (window_ms = 0 OR at - before <= window_ms), greatest(anchor, before),
                    anchor),
                anchors, arrayPopBack(arrayPushFront(anchors, toInt64(0))), wanted, arrayEnumerate(wanted)),
            hits.1, hits.2, arrayResize(CAST([], 'Array(Int64)'), length(steps), toInt64(0))) AS anchors
        FROM
        (
            SELECT arraySort(groupArray((toUnixTimestamp64Milli(occurred_at), indexOf(steps, event)))) AS hits
            FROM accepted_touchpoints
            WHERE $__timeFilter(occurred_at)
                AND $__conditionalAll(site IN (${site:singlequote}), $site)
                AND has(steps, event) AND NOT bot
            GROUP BY site, customer_kind, customer_id
        )
    )
)
ARRAY JOIN arrayEnumerate(steps) AS step
ORDER BY step
