-- endpoint-usage, for Athena: who uses which endpoint in which zone, and which endpoints nobody uses
--
-- Needs create-view.sql, whose header says what a path is worth here. Bytes are those sent, accepted, at the workloads'
-- interfaces. It cannot know: clients without an interface in the topology (see on-premises-clients), which gateway endpoint a
-- packet took if a VPC has several for a service. An endpoint without records here is idle only as far as its clients are logged.
-- Put in your days: they prune what is read.

WITH used AS (
  SELECT f.vpc_id, f.service, CASE f.path WHEN 'via-endpoint-eni' THEN f.via END AS endpoint_id, f.endpoint_interface_id,
         f.workload, f.interface_id, count(*) AS records, sum(f.bytes) AS bytes
  FROM flowproof_egress AS f
  WHERE f.path IN ('via-endpoint-eni', 'via-gateway-endpoint') AND f.action = 'ACCEPT' AND f.day BETWEEN '2026/08/01' AND '2026/08/31'
  GROUP BY f.vpc_id, f.service, CASE f.path WHEN 'via-endpoint-eni' THEN f.via END, f.endpoint_interface_id, f.workload, f.interface_id
)
SELECT e.endpoint_id, e.endpoint_type, e.service, e.vpc_id, e.state, i.availability_zone_id AS zone, u.workload AS client,
       u.interface_id AS client_interface, coalesce(u.records, 0) AS records, coalesce(u.bytes, 0) AS bytes,
       CASE WHEN u.records IS NULL THEN 'idle in these logs' END AS note
FROM flowproof_endpoints AS e
LEFT JOIN used AS u ON u.endpoint_id = e.endpoint_id
  OR (e.endpoint_type = 'Gateway' AND u.endpoint_id IS NULL AND u.vpc_id = e.vpc_id AND u.service = e.service)
LEFT JOIN flowproof_interfaces AS i ON i.interface_id = u.endpoint_interface_id
ORDER BY e.endpoint_id, zone, bytes DESC, client
