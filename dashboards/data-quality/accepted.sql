-- Accepted touchpoints by the time they occurred and by site.
SELECT $__timeInterval(occurred_at) AS time, site, count() AS touchpoints
FROM accepted_touchpoints
WHERE $__timeFilter(occurred_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
GROUP BY time, site
ORDER BY time, site
LIMIT 20000
