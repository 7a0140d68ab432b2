-- new-destinations, for Athena: which far ends were seen for the first time in the last ten minutes of the days
--
-- Needs create-view.sql, whose header says what a path is worth here. Bytes are those sent, accepted, at the workloads'
-- interfaces. Ten minutes stand as 600 in it. It cannot know what was before the days that it reads.
-- Put in your days: they prune what is read.

WITH dated AS (
  SELECT *, max(end_s) OVER () AS newest_s, min(start_s) OVER (PARTITION BY peer) AS peer_since_s
  FROM flowproof_egress
  WHERE action = 'ACCEPT' AND day BETWEEN '2026/08/01' AND '2026/08/31'
)
SELECT peer, peer_port AS port, protocol, service, path, via, count(DISTINCT interface_id) AS workloads, count(*) AS records,
       sum(bytes) AS bytes, from_unixtime(min(start_s)) AS first_seen
FROM dated
WHERE peer_since_s >= newest_s - 600
GROUP BY peer, peer_port, protocol, service, path, via
ORDER BY first_seen, peer, port, protocol, path
