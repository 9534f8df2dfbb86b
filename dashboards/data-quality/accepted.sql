-- Accepted touchpoints over time, by site.
SELECT $__timeInterval(received_at) AS time, site, count() AS touchpoints
FROM touchpoints_log FINAL
WHERE $__timeFilter(received_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
GROUP BY time, site
ORDER BY time, site
LIMIT 20000
