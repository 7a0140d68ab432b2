-- path-over-time, for Athena: how much was sent by which path, in steps of five minutes
--
-- Needs create-view.sql, whose header says what a path is worth here. Bytes are those sent, accepted, at the workloads'
-- interfaces. It cannot know the exit behind the next hop.
-- Put in your days: they prune what is read.

SELECT from_unixtime(end_s - end_s % 300) AS step, path, count(DISTINCT interface_id) AS workloads, count(*) AS records, sum(bytes) AS bytes
FROM flowproof_egress
WHERE action = 'ACCEPT' AND day BETWEEN '2026/08/01' AND '2026/08/31'
GROUP BY from_unixtime(end_s - end_s % 300), path
ORDER BY step, path
