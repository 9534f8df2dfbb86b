-- Customers that had the chosen events in this order, within the chosen time of the first of them (0: any time). Any
-- occurrence of the first event may be the one that the rest follows. What a visitor did before logging in counts for the user.
-- Bots are left out. At most 255 events.
WITH
    arrayMap(name -> trimBoth(name), splitByChar(',', ${steps:singlequote})) AS steps,
    arrayDistinct(steps) AS names,
    toInt64(toUInt32OrZero(${window:singlequote})) * 1000 AS window_ms
SELECT
    step, steps[step] AS event, reached[step] AS customers,
    if(step = 1, NULL, reached[step] / nullIf(reached[step - 1], 0)) AS conversion,
    reached[step] / nullIf(reached[1], 0) AS conversion_from_start
FROM
(
    SELECT sumForEach(arrayMap(anchor -> toUInt64(anchor > 0), anchors)) AS reached
    FROM
    (
        -- anchors[k]: the latest first event from which event k was reached so far, 0 when it was not.
        SELECT arrayFold(
            (anchors, hit) -> arrayMap(
                (anchor, before, k) -> if(
                    k = hit % 256 AND before > 0 AND (window_ms = 0 OR intDiv(hit, 256) - before <= window_ms),
                    greatest(anchor, before), anchor),
                anchors, arrayPushFront(arrayPopBack(anchors), intDiv(hit, 256)), arrayEnumerate(anchors)),
            hits, arrayResize(CAST([], 'Array(Int64)'), length(steps), toInt64(0))) AS anchors
        FROM
        (
            -- Touches of a device on which somebody logged in go to the user of the next login, else to the only user seen there.
            SELECT arraySort(groupArrayArray(piece)) AS hits
            FROM
            (
                SELECT
                    toString(site) AS place, customer_kind = 'user' AS known, customer_id,
                    NOT known AND customer_id GLOBAL IN (SELECT anonymous_id FROM identities) AS shared,
                    -- A hit is a time in milliseconds times 256, plus the number of the event: numbers sort faster than pairs.
                    groupArray(toUnixTimestamp64Milli(occurred_at) * 256 + transform(event, names, arrayMap(name -> indexOf(steps, name), names), 0)) AS sent,
                    arrayJoin(if(shared, arrayMap(hit -> [hit], sent), [sent])) AS piece,
                    fromUnixTimestamp64Milli(intDiv(piece[1], 256), 'UTC') AS at
                FROM accepted_touchpoints
                WHERE $__timeFilter(occurred_at)
                    AND $__conditionalAll(site IN (${site:singlequote}), $site)
                    AND event IN (SELECT arrayJoin(names)) AND NOT bot
                GROUP BY place, known, customer_id
            ) AS mine
            ASOF LEFT JOIN
            (
                SELECT site, anonymous_id, asserted_at, min(user_id) AS login FROM identities GROUP BY site, anonymous_id, asserted_at
                UNION ALL
                SELECT site, anonymous_id, toDateTime64('2200-01-01', 3, 'UTC'), any(user_id) FROM identities GROUP BY site, anonymous_id HAVING uniqExact(user_id) = 1
            ) AS logins ON mine.place = logins.site AND mine.customer_id = logins.anonymous_id AND mine.at <= logins.asserted_at
            GROUP BY sipHash128(place, known OR login != '', if(known OR login = '', customer_id, login))
        )
    )
)
ARRAY JOIN arrayEnumerate(steps) AS step
ORDER BY step
