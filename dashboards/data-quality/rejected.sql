-- Rejected events over time, by reason.
SELECT $__timeInterval(received_at) AS time, reason, count() AS events
FROM rejected_touchpoints
WHERE $__timeFilter(received_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
GROUP BY time, reason
ORDER BY time, reason
LIMIT 20000
