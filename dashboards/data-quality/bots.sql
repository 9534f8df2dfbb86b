-- Touchpoints of bots by the kind of bot, with the user agent that is commonest.
SELECT
    bot_reason AS kind, count() AS touchpoints, uniqExact(site, customer_kind, customer_id) AS customers,
    max(received_at) AS last_seen, topK(1)(user_agent)[1] AS commonest_agent
FROM accepted_touchpoints
WHERE $__timeFilter(occurred_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND bot
GROUP BY kind
ORDER BY touchpoints DESC, kind
LIMIT 50
