CREATE TABLE IF NOT EXISTS {{table "rebuilds"}}
(
    site LowCardinality(String),
    rebuild Int64 COMMENT 'Its number: when it began, in Unix microseconds',
    step LowCardinality(String) COMMENT 'begun, built (the rows of a part of the customers), staged (the touchpoints of a month), finished',
    part UInt32 COMMENT 'Which part of the customers, or which month as 202601',
    parts UInt32 COMMENT 'In how many parts the customers are divided',
    whole Bool COMMENT 'Whether all rows are written, and not only those that change',
    rules_version LowCardinality(String),
    rules_digest String COMMENT 'Hash of the rules: a version may stay although they change',
    rows UInt64 COMMENT 'Rows that the step wrote',
    at DateTime64(3, 'UTC')
)
ENGINE = {{replacing "rebuilds" "at"}}
ORDER BY (site, rebuild, step, part)
SETTINGS {{settings}}
COMMENT 'What was done of each rebuild under other stage rules; query the view rebuilds instead';

{{distributed "rebuilds" "cityHash64(site)"}};

CREATE OR REPLACE VIEW {{database}}.rebuilds{{on}} AS
SELECT site, fromUnixTimestamp64Micro(rebuild, 'UTC') AS began_at, nullIf(maxIf(at, step = 'finished'), {{never}}) AS finished_at,
    any(rules_version) AS rules_version, sum(rows) AS rows
FROM {{database}}.rebuilds_log FINAL
GROUP BY site, rebuild
COMMENT 'One row a rebuild: when stored touchpoints were given the stages of these rules, and how many rows that changed; finished_at is NULL where it was interrupted';
