-- The newest refused events of a reason. Their bytes are left out: they may hold what nobody wanted to send.
SELECT received_at, site, reason, field, detail, component, count() OVER () AS total
FROM rejected_touchpoints
WHERE $__timeFilter(received_at) AND reason = {of:String}
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
ORDER BY received_at DESC, rejection_id
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
