-- What the journeys begun in the time range have as country, the commonest first.
SELECT if(country = '', '(none)', country) AS value
FROM journeys_log
WHERE $__timeFilter(started_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
GROUP BY country
ORDER BY count() DESC, value
LIMIT 500
