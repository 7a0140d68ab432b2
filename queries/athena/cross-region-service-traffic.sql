-- cross-region-service-traffic, for Athena: which traffic to AWS's services goes to another Region than the workload's
--
-- Needs create-view.sql, whose header says what a path is worth here. Bytes are those sent, accepted, at the workloads'
-- interfaces. It cannot know: addresses that AWS published after flowproof_prefixes was written. It needs Athena's engine 3
-- (ipprefix).
-- Put in your days: they prune what is read.

WITH peers AS (
  SELECT DISTINCT peer, service FROM flowproof_egress WHERE realm = 'aws' AND day BETWEEN '2026/08/01' AND '2026/08/31'
), located AS (
  SELECT peer, service, region FROM (
    SELECT p.peer, p.service, x.region,
           row_number() OVER (PARTITION BY p.peer, p.service ORDER BY CAST(split_part(x.cidr, '/', 2) AS integer) DESC, x.region) AS place
    FROM peers AS p
    JOIN flowproof_prefixes AS x ON x.service = p.service AND x.source = 'ip-ranges'
      AND contains(CAST(x.cidr AS ipprefix), CAST(p.peer AS ipaddress))
  )
  WHERE place = 1
)
SELECT f.workload, f.interface_id, f.service, f.region AS home_region, l.region AS peer_region, f.path, f.via,
       count(DISTINCT f.peer) AS destinations, count(*) AS records, sum(f.bytes) AS bytes
FROM flowproof_egress AS f JOIN located AS l ON l.peer = f.peer AND l.service = f.service
WHERE l.region <> f.region AND l.region <> 'GLOBAL' AND f.action = 'ACCEPT' AND f.day BETWEEN '2026/08/01' AND '2026/08/31'
GROUP BY f.workload, f.interface_id, f.service, f.region, l.region, f.path, f.via
ORDER BY bytes DESC, f.workload, f.interface_id, f.service, peer_region, f.path
