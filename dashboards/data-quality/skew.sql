-- How far the senders' clocks are off: received minus sent, in seconds, for touchpoints that name the time they were sent.
-- The time on the way is part of it, so a little more than 0 is right.
WITH
    (toUnixTimestamp64Micro(received_at) - toUnixTimestamp64Micro(toDateTime64(sent_at, 6))) / 1000000 AS seconds_off,
    quantilesExact(0.01, 0.5, 0.99)(seconds_off) AS quantiles
SELECT
    $__timeInterval(occurred_at) AS time,
    quantiles[1] AS p1, quantiles[2] AS p50, quantiles[3] AS p99
FROM accepted_touchpoints
WHERE $__timeFilter(occurred_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND toUnixTimestamp64Milli(sent_at) > 0
GROUP BY time
ORDER BY time
LIMIT 5000
