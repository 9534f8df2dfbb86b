-- What the journeys begun in the time range have as campaign, the commonest first.
SELECT if(first_campaign = '', '(none)', first_campaign) AS value
FROM journeys_log
WHERE $__timeFilter(started_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
GROUP BY first_campaign
ORDER BY count() DESC, value
LIMIT 500
