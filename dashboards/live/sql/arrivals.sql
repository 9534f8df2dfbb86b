-- The newest touchpoints as they came in, refused ones among them, for the stream of the live page.
SELECT verdict, received_at, site, customer_kind, customer_id, event, stage, rule, channel, device, bot, id
FROM
(
    SELECT 'accepted' AS verdict, received_at, site, customer_kind, customer_id, if(event = '', type, event) AS event,
        stage, if(sent_stage != 0, 'sent with it', stage_rule) AS rule, channel, device, bot,
        toString(cityHash64(site, message_id)) AS id
    FROM touchpoints_log
    WHERE received_at > fromUnixTimestamp64Micro({since:Int64}) AND occurred_at >= now() - INTERVAL 1 DAY
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
        AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
        AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
        AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
        AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    ORDER BY received_at DESC
    LIMIT {limit:UInt32}
    UNION ALL
    SELECT 'rejected', received_at, site, '', '', detail, 0, concat(reason, if(field = '', '', ': '), field), '', '', false,
        toString(rejection_id)
    FROM rejected_touchpoints_log
    WHERE {refused:Bool} AND received_at > fromUnixTimestamp64Micro({since:Int64}) AND received_at >= now() - INTERVAL 1 DAY
        AND $__conditionalAll(site IN (${site:singlequote}), $site)
    ORDER BY received_at DESC
    LIMIT {limit:UInt32}
)
ORDER BY received_at DESC
LIMIT {limit:UInt32}
