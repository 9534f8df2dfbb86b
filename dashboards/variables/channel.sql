-- What the journeys begun in the time range have as channel, the commonest first.
SELECT if(first_channel = '', '(none)', first_channel) AS value
FROM journeys_log
WHERE $__timeFilter(started_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
GROUP BY first_channel
ORDER BY count() DESC, value
LIMIT 500
