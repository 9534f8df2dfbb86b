-- The stage that the customer was in, over time; nothing between the end of a journey and the next one.
SELECT at AS time, stage_name AS stage
FROM
(
    SELECT at, toNullable(to_stage_name) AS stage_name
    FROM stage_transitions
    WHERE customer_id = ${customer:singlequote}
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
    UNION ALL
    SELECT ended_at + INTERVAL 1 SECOND, NULL
    FROM journeys
    WHERE customer_id = ${customer:singlequote}
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
)
ORDER BY time
LIMIT 5000
