-- How long after it occurred a touchpoint was received, by the time it occurred. One column a bucket, by its upper end.
WITH dateDiff('second', occurred_at, received_at) AS seconds
SELECT
    $__timeInterval(occurred_at) AS time,
    countIf(seconds <= 10) AS within_10_s,
    countIf(seconds > 10 AND seconds <= 60) AS within_1_min,
    countIf(seconds > 60 AND seconds <= 3600) AS within_1_h,
    countIf(seconds > 3600 AND seconds <= 86400) AS within_1_d,
    countIf(seconds > 86400) AS later
FROM accepted_touchpoints
WHERE $__timeFilter(occurred_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
GROUP BY time
ORDER BY time
LIMIT 5000
