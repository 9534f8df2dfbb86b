-- The steps between stages in the time range, and the share of each kind. First steps, from the start, are left out.
SELECT
    count() AS transitions,
    countIf(kind = 'forward') / nullIf(count(), 0) AS forward_share,
    countIf(kind = 'skip') / nullIf(count(), 0) AS skip_share,
    countIf(kind = 'back') / nullIf(count(), 0) AS back_share
FROM stage_transitions
WHERE $__timeFilter(at)
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
    AND $__conditionalAll(if(channel = '', '(none)', channel) IN (${channel:singlequote}), $channel)
    AND $__conditionalAll(if(campaign = '', '(none)', campaign) IN (${campaign:singlequote}), $campaign)
    AND $__conditionalAll(if(device = '', '(none)', device) IN (${device:singlequote}), $device)
    AND $__conditionalAll(if(country = '', '(none)', country) IN (${country:singlequote}), $country)
    AND from_stage > 0
