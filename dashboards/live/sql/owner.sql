-- The users who were seen on an anonymous id: whoever it is, when there is just one.
SELECT DISTINCT user_id
FROM identities
WHERE site = {site:String} AND anonymous_id = {of:String}
LIMIT 2
