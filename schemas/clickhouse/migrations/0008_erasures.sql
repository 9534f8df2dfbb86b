{{/*
Who was erased, without saying who: hashes with a salt. Rows of the kind request are the audit, one a request; by the others processors refuse
records that come again.
*/}}
CREATE TABLE IF NOT EXISTS {{table "erasures"}}
(
    site LowCardinality(String),
    kind LowCardinality(String) COMMENT 'request; or what is refused: user, anonymous, shared, seen, source',
    hash UUID COMMENT 'First half of SHA-256 over the salt and what is named; the id is nowhere',
    salt String COMMENT 'In hexadecimal',
    request String COMMENT 'Names the request',
    asked_at DateTime64(6, 'UTC') COMMENT 'What was received up to then is gone',
    done_at DateTime64(6, 'UTC') COMMENT 'Of a request: when nothing was left; 1970-01-01 while it is not',
    bucket UInt16 COMMENT 'Of the customer whose records are refused',
    touchpoints UInt64 COMMENT 'Touchpoints that went',
    rows_deleted Map(LowCardinality(String), UInt64) COMMENT 'Of a request: rows deleted, by table',
    version UInt64
)
ENGINE = {{replacing "erasures" "version"}}
ORDER BY (site, kind, hash, request)
SETTINGS {{settings}}
COMMENT 'What was erased, by salted hashes; query the view erasures instead';

{{distributed "erasures" "cityHash64(site, hash)"}};

CREATE OR REPLACE VIEW {{database}}.erasures{{on}} AS
SELECT site, request, asked_at, nullIf(done_at, toDateTime64(0, 6, 'UTC')) AS done_at, hash, salt, touchpoints, rows_deleted
FROM {{database}}.erasures_log FINAL
WHERE kind = 'request'
COMMENT 'One row a request to erase a person: when it was asked, when it was done (NULL: not yet), what went. The person is not named';
