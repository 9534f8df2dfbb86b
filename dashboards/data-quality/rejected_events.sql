-- The latest rejected events as they were received.
SELECT
    received_at AS timestamp,
    concat(reason, if(field = '', '', concat(' in ', field)), ': ', detail, '  ', substringUTF8(raw, 1, 2000)) AS body,
    'error' AS level, site, reason, field, message_id, component
FROM rejected_touchpoints
WHERE $__timeFilter(received_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
ORDER BY timestamp DESC
LIMIT 100
