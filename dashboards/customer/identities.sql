-- The anonymous ids on which the user was seen, or the users that were seen on the anonymous id.
SELECT anonymous_id, user_id, min(asserted_at) AS first_seen, max(asserted_at) AS last_seen, arrayStringConcat(arraySort(groupUniqArray(source)), ', ') AS source_names, site
FROM identities
WHERE (user_id = ${customer:singlequote} OR anonymous_id = ${customer:singlequote})
    AND $__conditionalAll(site IN (${site:singlequote}), $site)
GROUP BY site, anonymous_id, user_id
ORDER BY last_seen DESC
LIMIT 100
