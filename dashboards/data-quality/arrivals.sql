-- The latest events, accepted and rejected, as they came in.
SELECT received_at, site, verdict, event, stage_name, rule, customer, detail
FROM
(
    SELECT
        received_at, site, 'accepted' AS verdict, if(event = '', type, event) AS event,
        ['', 'awareness', 'consideration', 'intent', 'purchase', 'loyalty'][stage + 1] AS stage_name,
        stage_rule AS rule, customer_id AS customer, path AS detail
    FROM accepted_touchpoints
    WHERE $__timeFilter(occurred_at)
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
    ORDER BY received_at DESC
    LIMIT 100
    UNION ALL
    SELECT received_at, site, 'rejected', reason, '', '', '', concat(field, if(field = '', '', ': '), detail)
    FROM rejected_touchpoints
    WHERE $__timeFilter(received_at)
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
    ORDER BY received_at DESC
    LIMIT 100
)
ORDER BY received_at DESC
LIMIT 100
