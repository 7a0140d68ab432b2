-- nat-to-aws-services, for Athena: what went to AWS's services through a NAT gateway and should have taken an endpoint
--
-- Needs create-view.sql, whose header says what a path is worth here. Bytes are those sent, accepted, at the workloads'
-- interfaces. It cannot know: the Region of the address, so what no endpoint could carry is in it; a NAT gateway that another
-- route than the default one leads to.
-- Put in your days: they prune what is read.

SELECT f.workload, f.interface_id, f.vpc_id, f.subnet_id, f.route_table_id, f.via AS nat_gateway_id, f.service,
       min(e.endpoint_id) AS endpoint_id, count(DISTINCT f.peer) AS destinations, count(*) AS records, sum(f.bytes) AS bytes
FROM flowproof_egress AS f
LEFT JOIN (
  SELECT vpc_id, service, min(endpoint_id) AS endpoint_id
  FROM flowproof_endpoints
  WHERE endpoint_type IN ('Gateway', 'Interface') AND lower(state) = 'available'
  GROUP BY vpc_id, service
) AS e ON e.vpc_id = f.vpc_id AND e.service = f.service
WHERE f.path = 'via-nat' AND f.realm = 'aws' AND f.action = 'ACCEPT' AND f.day BETWEEN '2026/08/01' AND '2026/08/31'
GROUP BY f.workload, f.interface_id, f.vpc_id, f.subnet_id, f.route_table_id, f.via, f.service
ORDER BY bytes DESC, f.workload, f.interface_id, nat_gateway_id, f.service
