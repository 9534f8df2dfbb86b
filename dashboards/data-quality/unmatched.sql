-- Events that came without a stage and that no stage rule names: they count as touches and move no journey.
SELECT
    if(event = '', concat('(', type, ')'), event) AS event_name, type, site, count() AS touchpoints,
    uniqExact(customer_kind, customer_id) AS customers, max(received_at) AS last_seen, any(path) AS example_path
FROM accepted_touchpoints
WHERE $__timeFilter(occurred_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND stage = 0 AND stage_rule = ''
GROUP BY site, event_name, type
ORDER BY touchpoints DESC, event_name
LIMIT 100
