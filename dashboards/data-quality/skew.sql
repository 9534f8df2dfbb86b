-- How far the senders' clocks are off: received minus sent, in seconds, for touchpoints that name the time they were sent.
-- The time on the way is part of it, so a little more than 0 is right.
SELECT
    $__timeInterval(received_at) AS time,
    quantilesExact(0.01, 0.5, 0.99)((toUnixTimestamp64Milli(received_at) - toUnixTimestamp64Milli(sent_at)) / 1000) AS q,
    q[1] AS p1, q[2] AS p50, q[3] AS p99
FROM touchpoints_log FINAL
WHERE $__timeFilter(received_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND toUnixTimestamp64Milli(sent_at) > 0
GROUP BY time
ORDER BY time
LIMIT 5000
