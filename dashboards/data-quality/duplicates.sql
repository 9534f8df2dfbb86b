-- Suspected duplicates: the same event of the same customer at the same millisecond under different message ids. Copies with the
-- same message id are never stored twice and are not seen here; the dashboard Pipeline counts them.
SELECT
    site, event, source, count() - uniqExact(cityHash64(customer_kind, customer_id, type, occurred_at, path)) AS suspects,
    suspects / count() AS share, max(received_at) AS last_seen
FROM touchpoints_log FINAL
WHERE $__timeFilter(received_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
GROUP BY site, event, source
HAVING suspects > 0
ORDER BY suspects DESC, event
LIMIT 100
