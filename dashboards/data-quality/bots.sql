-- Touchpoints of bots by the kind of bot, with the busiest browser name of each. Journeys of bots are not built from them unless the
-- site asks for it.
SELECT
    bot_reason AS kind, count() AS touchpoints, uniqExact(site, customer_kind, customer_id) AS customers,
    max(received_at) AS last_seen, topK(1)(user_agent)[1] AS commonest_agent
FROM touchpoints_log FINAL
WHERE $__timeFilter(received_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND bot
GROUP BY kind
ORDER BY touchpoints DESC, kind
LIMIT 50
