-- Journeys by the channel of their first touch, over time.
SELECT
    $__timeInterval(started_at) AS time,
    if(first_channel = '', '(none)', first_channel) AS channel_name,
    count() AS journeys
FROM journeys
WHERE $__timeFilter(started_at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(first_channel = '', '(none)', first_channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(first_campaign = '', '(none)', first_campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
GROUP BY time, first_channel
ORDER BY time, channel_name
LIMIT 20000
