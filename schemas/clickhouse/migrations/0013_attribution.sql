CREATE OR REPLACE VIEW {{database}}.attribution{{on}} AS
SELECT
    channel, sum(weight) AS conversions, sum(weight * toFloat64(revenue)) AS revenue
FROM
(
    SELECT
        revenue, bought_at, channels, length(channels) AS n,
        arrayLastIndex(name -> name != 'direct', channels) AS last_non_direct,
        arrayMap(at -> exp2(-(toUnixTimestamp64Milli(bought_at) - toUnixTimestamp64Milli(at)) / 604800000), times) AS decay,
        arrayMap(i -> multiIf(
            {model:String} = 'first', toFloat64(i = 1),
            {model:String} = 'last', toFloat64(i = n),
            {model:String} = 'last_non_direct', toFloat64(i = if(last_non_direct = 0, n, last_non_direct)),
            {model:String} = 'linear', 1 / n,
            {model:String} = 'position', multiIf(n = 1, 1, n = 2, 0.5, i = 1 OR i = n, 0.4, 0.2 / (n - 2)),
            {model:String} = 'time_decay', decay[i] / arraySum(decay),
            0.),
            arrayEnumerate(channels)) AS weights
    FROM
    (
        SELECT
            revenue, if(purchase_at != {{never}}, purchase_at, loyalty_at) AS bought_at,
            arrayFilter((at, name) -> at <= bought_at AND name != '', touch_at, touch_channel) AS path_at,
            arrayFilter((name, at) -> at <= bought_at AND name != '', touch_channel, touch_at) AS path,
            if(empty(path), ['(none)'], CAST(path, 'Array(String)')) AS channels,
            if(empty(path), [bought_at], path_at) AS times
        FROM {{database}}.journeys_log FINAL
        WHERE site = {site:String} AND purchases > 0
            AND NOT throwIf({model:String} NOT IN ('first', 'last', 'last_non_direct', 'linear', 'position', 'time_decay'),
                'unknown attribution model: use first, last, last_non_direct, linear, position or time_decay')
    )
)
ARRAY JOIN channels AS channel, weights AS weight
GROUP BY channel
SETTINGS {{quick_final}}
COMMENT 'attribution(site, model): conversions and revenue credited to each channel. A journey with a purchase is one conversion with the revenue of the journey; its path is the touches with a channel up to its first purchase. Models: first, last, last_non_direct, linear, position (40/20/40), time_decay (half-life 7 days)';
