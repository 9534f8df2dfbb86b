-- What the journeys begun in the time range have as device, the commonest first.
SELECT if(device = '', '(none)', device) AS value
FROM journeys_log
WHERE $__timeFilter(started_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
GROUP BY device
ORDER BY count() DESC, value
LIMIT 500
