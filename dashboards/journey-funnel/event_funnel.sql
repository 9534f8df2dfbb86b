-- Customers that had the chosen events in this order, within the chosen time of the first of them (0: any time). Any
-- occurrence of the first event may be the one that the rest follows. What a visitor did before logging in counts for the user.
-- Bots are left out. At most ten events, each once.
WITH
    arraySlice(arrayDistinct(arrayMap(name -> trimBoth(name), splitByChar(',', ${steps:singlequote}))), 1, 10) AS steps,
    toUInt64(toUInt32OrZero(${window:singlequote})) * 1000 AS window_ms
SELECT
    step, steps[step] AS event, reached[step] AS customers,
    if(step = 1, NULL, reached[step] / nullIf(reached[step - 1], 0)) AS conversion,
    reached[step] / nullIf(reached[1], 0) AS conversion_from_start
FROM
(
    SELECT sumForEach(arrayMap(step -> toUInt64(furthest >= step), arrayEnumerate(steps))) AS reached
    FROM
    (
        -- Touches of a device on which somebody logged in go to the user of the next login, else to the only user seen there.
        SELECT windowFunnel(if(window_ms = 0, 1000 * 365 * 86400000, window_ms))(toUInt64(toUnixTimestamp64Milli(at)),
            hit = 1, hit = 2, hit = 3, hit = 4, hit = 5, hit = 6, hit = 7, hit = 8, hit = 9, hit = 10) AS furthest
        FROM
        (
            SELECT
                occurred_at AS at, toUInt8(transform(event, steps, arrayEnumerate(steps), 0)) AS hit,
                concat(site, '/', customer_kind, '/', customer_id) AS person
            FROM accepted_touchpoints
            WHERE $__timeFilter(occurred_at)
                AND $__conditionalAll(site IN (${site:singlequote}), $site)
                AND hit > 0 AND NOT bot
        ) AS mine
        ASOF LEFT JOIN
        (
            SELECT concat(site, '/anonymous/', anonymous_id) AS device, asserted_at, concat(any(site), '/user/', min(user_id)) AS login
            FROM identities GROUP BY device, asserted_at
            UNION ALL
            SELECT concat(site, '/anonymous/', anonymous_id) AS device, toDateTime64('2200-01-01', 3, 'UTC'), concat(any(site), '/user/', any(user_id))
            FROM identities GROUP BY device HAVING uniqExact(user_id) = 1
        ) AS logins ON mine.person = logins.device AND mine.at <= logins.asserted_at
        GROUP BY if(login = '', person, login)
    )
)
ARRAY JOIN arrayEnumerate(steps) AS step
ORDER BY step
