-- Customers that had the chosen events in this order, within the chosen time of the first of them (0: any time). Any
-- occurrence of the first event may be the one that the rest follows. What a visitor did before logging in counts for the user.
-- Bots are left out. At most 255 events, each once.
WITH
    arrayDistinct(arrayMap(name -> trimBoth(name), splitByChar(',', ${steps:singlequote}))) AS steps,
    toUInt64(toUInt32OrZero(${window:singlequote})) AS seconds,
    if(seconds = 0, 1000 * 365 * 86400, seconds) * 1000 * 256 + 255 AS window
SELECT
    step, steps[step] AS event, reached[step] AS customers,
    if(step = 1, NULL, reached[step] / nullIf(reached[step - 1], 0)) AS conversion,
    reached[step] / nullIf(reached[1], 0) AS conversion_from_start
FROM
(
    SELECT sumForEach(arrayMap(step -> toUInt64(furthest >= step), arrayEnumerate(steps))) AS reached
    FROM
    (
        -- One step after another: anchors[i] is the latest first event from which the step was reached up to hit i, 0 when it was not.
        SELECT
            arrayFold(
                (came, step) -> (
                    arrayFill((anchor, hit) -> hit % 256 = step AND hit <= anchor + window, came.1, hits),
                    came.2 + (came.1[-1] > 0)),
                arrayPopFront(arrayEnumerate(steps)), (arrayFill(hit -> hit % 256 = 1, hits), toUInt64(0))) AS last,
            last.2 + (last.1[-1] > 0) AS furthest
        FROM
        (
            -- A hit is a time in milliseconds times 256, plus the number of the event: numbers sort faster than pairs. The first is none.
            -- Persons are hashes, which sort and join faster than texts: of ten million, two are taken for one once in 370,000 times.
            -- Touches of a device on which somebody logged in go to the user of the next login, else to the only user seen there.
            SELECT arrayPushFront(arraySort(groupArray(toUInt64(toUnixTimestamp64Milli(at)) * 256 + number)), 0) AS hits
            FROM
            (
                SELECT
                    occurred_at AS at, transform(event, steps, arrayEnumerate(steps), 0) AS number,
                    cityHash64(site, customer_kind, customer_id) AS person
                FROM accepted_touchpoints
                WHERE $__timeFilter(occurred_at)
                    AND $__conditionalAll(site IN (${site:singlequote}), $site)
                    AND number > 0 AND NOT bot
            ) AS mine
            ASOF LEFT JOIN
            (
                SELECT cityHash64(site, 'anonymous', anonymous_id) AS device, asserted_at, cityHash64(any(site), 'user', min(user_id)) AS login
                FROM identities GROUP BY device, asserted_at
                UNION ALL
                SELECT cityHash64(site, 'anonymous', anonymous_id) AS device, toDateTime64('2200-01-01', 3, 'UTC'), cityHash64(any(site), 'user', any(user_id))
                FROM identities GROUP BY device HAVING uniqExact(user_id) = 1
            ) AS logins ON mine.person = logins.device AND mine.at <= logins.asserted_at
            GROUP BY if(login = 0, person, login)
        )
    )
)
ARRAY JOIN arrayEnumerate(steps) AS step
ORDER BY step
