-- Of the touchpoints that occurred in the time range, and the events rejected in it: how many, and what share of the accepted
-- is late (received more than an hour after it occurred), skewed (the sender's clock is more than a minute off), from bots, or
-- unmatched (sent without a stage and named by no stage rule).
SELECT
    accepted, rejected, rejected / nullIf(accepted + rejected, 0) AS rejected_share,
    late / nullIf(accepted, 0) AS late_share, skewed / nullIf(accepted, 0) AS skewed_share,
    bots / nullIf(accepted, 0) AS bot_share, unmatched / nullIf(accepted, 0) AS unmatched_share
FROM
(
    SELECT
        count() AS accepted,
        countIf(dateDiff('second', occurred_at, received_at) > 3600) AS late,
        countIf(toUnixTimestamp64Milli(sent_at) > 0 AND abs(dateDiff('second', sent_at, received_at)) > 60) AS skewed,
        countIf(bot) AS bots,
        countIf(stage = 0 AND stage_rule = '') AS unmatched
    FROM accepted_touchpoints
    WHERE $__timeFilter(occurred_at)
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
) AS stored
CROSS JOIN
(
    SELECT count() AS rejected
    FROM rejected_touchpoints
    WHERE $__timeFilter(received_at)
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
) AS refused
