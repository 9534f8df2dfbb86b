-- When the tables were changed: the part of a deployment that the store has seen.
SELECT min(applied_at) AS time, concat('Migrated to ', argMax(name, version)) AS text, 'deploy' AS tags
FROM schema_migrations
WHERE $__timeFilter(applied_at)
GROUP BY toStartOfMinute(applied_at)
ORDER BY time
LIMIT 100
