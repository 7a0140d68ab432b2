-- on-premises-clients, for Athena: who uses the endpoints without an interface in any VPC of the topology
--
-- Reads what the endpoints' interfaces received, so bytes are requests. Needs vpc_flow_logs with flow-direction,
-- flowproof_interfaces and flowproof_endpoints. It cannot know: whether such a client came by VPN or by another VPC that the
-- topology does not have.
-- Put in your days: they prune what is read.

WITH known AS (
  SELECT DISTINCT a.address FROM flowproof_interfaces AS i CROSS JOIN UNNEST(split(i.private_addresses, ',')) AS a (address)
)
SELECT coalesce(nullif(f.pkt_srcaddr, '-'), f.srcaddr) AS client, e.endpoint_id, e.service, e.vpc_id,
       count(DISTINCT i.availability_zone_id) AS zones, count(*) AS records, sum(f.bytes) AS bytes,
       from_unixtime(min(f."start")) AS first_seen, from_unixtime(max(f."end")) AS last_seen
FROM vpc_flow_logs AS f
JOIN flowproof_interfaces AS i ON i.interface_id = f.interface_id
JOIN flowproof_endpoints AS e ON e.endpoint_id = i.endpoint_id
LEFT JOIN known AS k ON k.address = coalesce(nullif(f.pkt_srcaddr, '-'), f.srcaddr)
WHERE f.log_status = 'OK' AND f.action = 'ACCEPT' AND f.flow_direction = 'ingress' AND k.address IS NULL AND f.day BETWEEN '2026/08/01' AND '2026/08/31'
GROUP BY coalesce(nullif(f.pkt_srcaddr, '-'), f.srcaddr), e.endpoint_id, e.service, e.vpc_id
ORDER BY bytes DESC, client, e.endpoint_id
