-- Who this is: everything known about the customer, whatever the time range.
SELECT
    min(started_at) AS first_seen, max(ended_at) AS last_seen,
    count() AS journeys, sum(sessions) AS session_count, sum(touchpoints) AS touchpoint_count,
    sum(purchases) AS orders, toFloat64(sum(revenue)) AS revenue_total,
    argMin(if(first_channel = '', '(none)', first_channel), cycle) AS first_seen_by,
    argMax(current_stage_name, cycle) AS stage_now
FROM journeys
WHERE customer_id = ${customer:singlequote}
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
HAVING journeys > 0
