-- When a version of the stage rules was first used.
SELECT min(received_at) AS time, concat('Stage rules ', rules_version) AS text, 'rules' AS tags
FROM touchpoints_log
WHERE received_at <= $__toTime AND rules_version != ''
GROUP BY rules_version
HAVING $__timeFilter(time)
ORDER BY time
LIMIT 100
