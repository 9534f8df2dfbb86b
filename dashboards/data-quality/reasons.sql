-- Why events were rejected: by site, reason and the field at fault, with the latest detail.
SELECT
    site, reason, field, component, count() AS events, max(received_at) AS last_seen, argMax(detail, received_at) AS latest_detail
FROM rejected_touchpoints
WHERE $__timeFilter(received_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
GROUP BY site, reason, field, component
ORDER BY events DESC, reason, field
LIMIT 100
