-- The sites with journeys begun in the time range.
SELECT DISTINCT site FROM journeys_log WHERE $__timeFilter(started_at) ORDER BY site LIMIT 1000
