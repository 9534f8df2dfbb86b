-- Suspected duplicates: the same event of the same customer at the same millisecond under different message ids. Copies with
-- the same message id are never stored twice and are not seen here; the dashboard Pipeline counts them.
SELECT
    site, event, source, count() - uniqExact(cityHash64(customer_kind, customer_id, occurred_at)) AS suspects,
    suspects / count() AS share, max(received_at) AS last_seen
FROM accepted_touchpoints
WHERE $__timeFilter(occurred_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
GROUP BY site, event, source
HAVING suspects > 0
ORDER BY suspects DESC, event
LIMIT 100
