-- Suspected duplicates: the same event of the same customer at the same millisecond under different message ids. Copies with
-- the same message id are never stored twice and are not seen here; the dashboard Pipeline counts them.
SELECT
    site, event, source, sum(touchpoints) - sum(moments) AS suspects,
    suspects / sum(touchpoints) AS share, max(newest) AS last_seen
FROM
(
    -- In sixteen parts: small sets are counted faster than a large one.
    SELECT
        site, event, source, cityHash64(customer_kind, customer_id, occurred_at) % 16 AS part,
        count() AS touchpoints, uniqExact(cityHash64(customer_kind, customer_id, occurred_at)) AS moments, max(received_at) AS newest
    FROM accepted_touchpoints
    WHERE $__timeFilter(occurred_at)
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
    GROUP BY site, event, source, part
)
GROUP BY site, event, source
HAVING suspects > 0
ORDER BY suspects DESC, event
LIMIT 100
