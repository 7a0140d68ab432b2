-- The view `flowproof_egress`: what workloads sent, with a path as far as Athena can tell; the other files ask it.
--
-- Why what workloads *sent*: `traffic-path` stands on the way out only, and one way at one vantage counts each packet once. Records
-- of the interfaces of endpoints, NAT gateways, transit gateways and load balancers are left out, and so are replies, received
-- bytes, NODATA and SKIPDATA. What workloads fetched is therefore not in the bytes.
-- What it cannot know, and `flowproof` does: the path of a packet is that of its *next hop*; the exit behind a NAT gateway,
-- an appliance or a transit gateway; the most specific route (only the table's default route is looked at, and only for
-- traffic-path 1 or none); who opened a connection; on-premises clients; whether a record is missing. `undetermined` is what is left.
-- It needs flow-direction, traffic-path and the pkt-* fields, and the tables flowproof_interfaces, _subnets and _routes.

CREATE OR REPLACE VIEW flowproof_egress AS
WITH addresses AS (
  SELECT i.vpc_id, i.endpoint_id, i.interface_id, a.address
  FROM flowproof_interfaces AS i CROSS JOIN UNNEST(split(i.private_addresses, ',')) AS a (address)
  WHERE i.endpoint_id IS NOT NULL
), sent AS (
  SELECT f.day, f.interface_id, i.name, i.instance_id, i.vpc_id, i.subnet_id, i.region, i.availability_zone_id AS zone,
         coalesce(nullif(f.pkt_srcaddr, '-'), f.srcaddr) AS workload, f.srcport AS workload_port,
         coalesce(nullif(f.pkt_dstaddr, '-'), f.dstaddr) AS peer, f.dstport AS peer_port, f.protocol,
         replace(lower(nullif(f.pkt_dst_aws_service, '-')), '_', '-') AS named, f.traffic_path, nullif(f.next_hop_interface_type, '-') AS next_hop_interface_type,
         f.action, f.packets, f.bytes, f."start" AS start_s, f."end" AS end_s, s.route_table_id
  FROM vpc_flow_logs AS f
  JOIN flowproof_interfaces AS i ON i.interface_id = f.interface_id
  LEFT JOIN flowproof_subnets AS s ON s.subnet_id = i.subnet_id
  WHERE f.log_status = 'OK' AND f.flow_direction = 'egress'
    AND i.endpoint_id IS NULL AND i.nat_gateway_id IS NULL
    AND coalesce(i.interface_type, 'interface') IN ('interface', 'efa', 'branch', 'trunk', 'lambda', 'quicksight')
), defaults AS (
  SELECT route_table_id, destination, min(target) AS target, min(target_kind) AS target_kind
  FROM flowproof_routes
  WHERE destination IN ('0.0.0.0/0', '::/0')
  GROUP BY route_table_id, destination
)
SELECT s.day, s.interface_id, s.name, s.instance_id, s.vpc_id, s.subnet_id, s.region, s.zone, s.route_table_id,
       s.workload, s.workload_port, s.peer, s.peer_port, s.protocol, coalesce(e.service, s.named) AS service,
       CASE WHEN a.endpoint_id IS NOT NULL THEN 'vpc'
            WHEN s.named IN ('api-gateway', 'cloud9', 'cloudfront', 'codebuild', 'ec2', 'globalaccelerator') THEN 'internet'
            WHEN s.named IS NOT NULL THEN 'aws' END AS realm,
       CASE WHEN a.endpoint_id IS NOT NULL THEN 'via-endpoint-eni'
            WHEN s.traffic_path = 7 THEN 'via-gateway-endpoint'
            WHEN s.traffic_path = 8 THEN 'internet-bound'
            WHEN s.traffic_path = 3 THEN 'via-vpn'
            WHEN s.traffic_path IN (4, 5) THEN 'via-peering'
            WHEN s.next_hop_interface_type IN ('nat_gateway', 'regional_nat_gateway') THEN 'via-nat'
            WHEN s.next_hop_interface_type = 'transit_gateway' THEN 'via-transit-gateway'
            WHEN s.named IS NOT NULL AND coalesce(s.traffic_path, 1) = 1 AND d.target_kind = 'nat-gateway' THEN 'via-nat'
            ELSE 'undetermined' END AS path,
       coalesce(a.endpoint_id, CASE WHEN coalesce(s.traffic_path, 1) = 1 THEN d.target END) AS via,
       a.interface_id AS endpoint_interface_id, s.traffic_path, s.next_hop_interface_type, s.action, s.packets, s.bytes, s.start_s, s.end_s
FROM sent AS s
LEFT JOIN addresses AS a ON a.vpc_id = s.vpc_id AND a.address = s.peer
LEFT JOIN flowproof_endpoints AS e ON e.endpoint_id = a.endpoint_id
LEFT JOIN defaults AS d ON d.route_table_id = s.route_table_id
  AND d.destination = CASE WHEN strpos(s.peer, ':') > 0 THEN '::/0' ELSE '0.0.0.0/0' END
