-- cross-zone-endpoint-traffic, for Athena: which workloads use an endpoint's interface in another zone than their own
--
-- Needs create-view.sql, whose header says what a path is worth here. Bytes are those sent, accepted, at the workloads'
-- interfaces. It cannot know: clients in other VPCs, whose addresses the view does not look up, and on-premises ones.
-- Put in your days: they prune what is read.

SELECT f.via AS endpoint_id, f.service, f.zone AS client_zone, i.availability_zone_id AS endpoint_zone, f.workload, f.interface_id,
       count(*) AS records, sum(f.bytes) AS bytes
FROM flowproof_egress AS f JOIN flowproof_interfaces AS i ON i.interface_id = f.endpoint_interface_id
WHERE f.zone <> i.availability_zone_id AND f.action = 'ACCEPT' AND f.day BETWEEN '2026/08/01' AND '2026/08/31'
GROUP BY f.via, f.service, f.zone, i.availability_zone_id, f.workload, f.interface_id
ORDER BY bytes DESC, endpoint_id, client_zone, endpoint_zone, f.workload
