-- path-disagreements, for Athena: where the record says another path than the route table
--
-- Needs create-view.sql, whose header says what a path is worth here. Bytes are those sent, accepted, at the workloads'
-- interfaces. Accepted or not. It cannot know the routes of another time: they are those of the topology in flowproof_routes;
-- prefix lists those of flowproof_prefixes. It needs Athena's engine 3 (ipprefix), and joins each pair of table and far end with
-- every route of the table: keep the days short.
-- Put in your days: they prune what is read.

WITH asked AS (
  SELECT DISTINCT route_table_id, peer FROM flowproof_egress WHERE traffic_path IN (3, 4, 5, 7, 8) AND day BETWEEN '2026/08/01' AND '2026/08/31'
), ranges AS (
  SELECT r.route_table_id, r.destination, r.target, r.target_kind, r.origin, r.prefix_list_id, coalesce(x.cidr, r.destination) AS cidr
  FROM flowproof_routes AS r
  LEFT JOIN flowproof_prefixes AS x ON x.source = 'prefix-list' AND x.prefix_list_id = r.prefix_list_id
  WHERE r.prefix_list_id IS NULL OR x.cidr IS NOT NULL
), won AS (
  SELECT * FROM (
    SELECT a.route_table_id, a.peer, n.destination, n.target, n.target_kind,
           row_number() OVER (PARTITION BY a.route_table_id, a.peer
             ORDER BY CAST(split_part(n.cidr, '/', 2) AS integer) DESC,
                      CASE n.origin WHEN 'EnableVgwRoutePropagation' THEN 1 ELSE 0 END,
                      CASE WHEN n.prefix_list_id IS NULL THEN 0 ELSE 1 END, n.destination, n.target) AS place
    FROM asked AS a
    JOIN ranges AS n ON n.route_table_id = a.route_table_id AND contains(CAST(n.cidr AS ipprefix), CAST(a.peer AS ipaddress))
  )
  WHERE place = 1
)
SELECT f.workload, f.interface_id, f.subnet_id, f.route_table_id, f.peer, f.path, f.traffic_path, w.destination, w.target, w.target_kind,
       count(*) AS records, sum(f.bytes) AS bytes
FROM flowproof_egress AS f LEFT JOIN won AS w ON w.route_table_id = f.route_table_id AND w.peer = f.peer
WHERE f.traffic_path IN (3, 4, 5, 7, 8) AND f.day BETWEEN '2026/08/01' AND '2026/08/31'
  AND NOT coalesce(CASE f.traffic_path WHEN 7 THEN substr(w.target, 1, 5) = 'vpce-'
                                       WHEN 8 THEN w.target_kind IN ('internet-gateway', 'egress-only-internet-gateway')
                                       WHEN 3 THEN substr(w.target, 1, 4) = 'vgw-'
                                       ELSE w.target_kind = 'peering' END, false)
GROUP BY f.workload, f.interface_id, f.subnet_id, f.route_table_id, f.peer, f.path, f.traffic_path, w.destination, w.target, w.target_kind
ORDER BY bytes DESC, f.workload, f.peer
