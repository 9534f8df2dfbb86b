-- When a version of the stage rules was first used: seen in the time range, and not in the week before it. Copies of a
-- touchpoint do not matter here, so it reads them as they lie.
SELECT min(occurred_at) AS time, concat('Stage rules ', rules_version) AS text, 'rules' AS tags
FROM touchpoints_log
WHERE occurred_at >= $__fromTime - INTERVAL 7 DAY AND occurred_at <= $__toTime AND rules_version != '' AND NOT is_deleted
GROUP BY rules_version
HAVING time >= $__fromTime
ORDER BY time
LIMIT 100
