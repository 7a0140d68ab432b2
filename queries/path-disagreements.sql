-- path-disagreements: where the record says another path than the route table
--
-- For records that say their way themselves (`traffic-path` 3, 4, 5, 7 or 8, or the next hop's type), logged by the workload on the
-- way out: the most specific route of the subnet's table today, beside it. A line means that the topology is not that of the
-- time, or that a subnet's table was changed; until that is known no claim about such flows is proven. Records whose
-- next hop and `traffic-path` cannot be true together stand here too, without a route. Routes are those of the latest
-- topology. Records are counted at the workload's interface, one way; accepted and rejected.
--
-- column workload                text      address of the workload
-- column workload_interface      text      its interface
-- column subnet_id               text      its subnet
-- column route_table_id          text      the table that its subnet uses
-- column peer                    text      the far end's address
-- column path                    text      what `classify` made of it
-- column path_basis              text      the rule that decided
-- column traffic_path            int       as the record has it
-- column next_hop_interface_type text      as the record has it
-- column route_destination       text      the route that wins
-- column route_target            text      whereto it leads
-- column route_path              text      the path that it stands for; null if there is no route
-- column records                 int       log lines
-- column bytes                   int       one way
-- column first_seen              timestamp
-- column last_seen               timestamp

WITH said AS (
  SELECT f.workload, f.workload_interface, i.subnet_id, s.route_table_id, f.peer, f.path, f.path_basis, f.traffic_path,
         nullif(CAST(f.next_hop_interface_type AS VARCHAR), '-') AS next_hop_interface_type,
         count(*) AS records, sum(f.bytes) AS bytes, min(f.started_at) AS first_seen, max(f.ended_at) AS last_seen
  FROM flows AS f
  LEFT JOIN interfaces AS i ON i.interface_id = f.workload_interface
  LEFT JOIN subnets AS s ON s.subnet_id = i.subnet_id
  WHERE f.vantage = 'workload' AND f.peer IS NOT NULL
    AND (f.path_basis IN ('traffic-path-3', 'traffic-path-4-5', 'traffic-path-7', 'traffic-path-8', 'next-hop-nat', 'next-hop-transit-gateway',
                          'traffic-path-disagrees', 'record-contradicts-itself', 'snapshots-differ'))
  GROUP BY f.workload, f.workload_interface, i.subnet_id, s.route_table_id, f.peer, f.path, f.path_basis, f.traffic_path,
           nullif(CAST(f.next_hop_interface_type AS VARCHAR), '-')
), asked AS (
  SELECT DISTINCT route_table_id, peer FROM said WHERE route_table_id IS NOT NULL
), ranges AS (
  SELECT r.route_table_id, r.destination, r.target, r.target_kind, r.origin, coalesce(x.cidr, r.destination) AS cidr,
         r.prefix_list_id IS NOT NULL AS listed
  FROM routes AS r
  LEFT JOIN prefixes AS x ON x.source = 'prefix-list' AND x.prefix_list_id = r.prefix_list_id AND (x.region IS NULL OR x.region = r.region)
  WHERE r.prefix_list_id IS NULL OR x.cidr IS NOT NULL
), won AS (
  -- AWS's order: the longest prefix; at the same length static routes, then prefix lists, then propagated ones.
  SELECT * FROM (
    SELECT a.route_table_id, a.peer, n.destination, n.target, n.target_kind,
           row_number() OVER (PARTITION BY a.route_table_id, a.peer
             ORDER BY CAST(split_part(n.cidr, '/', 2) AS INT) DESC, n.origin = 'EnableVgwRoutePropagation', n.listed,
                      n.destination, n.target) AS place
    FROM asked AS a JOIN ranges AS n ON n.route_table_id = a.route_table_id AND cidr_contains(n.cidr, a.peer)
  ) AS ordered
  WHERE place = 1
), judged AS (
  SELECT d.*, w.destination AS route_destination, w.target AS route_target,
         CASE WHEN e.endpoint_type = 'Gateway' THEN 'via-gateway-endpoint'
              WHEN e.endpoint_id IS NOT NULL OR w.target_kind = 'interface' THEN 'via-appliance'
              WHEN w.target_kind = 'local' THEN 'intra-vpc'
              WHEN w.target_kind IN ('internet-gateway', 'egress-only-internet-gateway', 'carrier-gateway') THEN 'internet-bound'
              WHEN w.target_kind = 'nat-gateway' THEN 'via-nat'
              WHEN w.target_kind = 'transit-gateway' THEN 'via-transit-gateway'
              WHEN w.target_kind = 'peering' THEN 'via-peering'
              WHEN w.target_kind IN ('vpn', 'vpn-gateway') THEN 'via-vpn'
              WHEN w.target_kind = 'local-gateway' THEN 'via-local-gateway'
              WHEN w.target_kind = 'core-network' THEN 'via-cloud-wan'
              ELSE w.target_kind END AS route_path
  FROM said AS d
  LEFT JOIN won AS w ON w.route_table_id = d.route_table_id AND w.peer = d.peer
  LEFT JOIN endpoints AS e ON e.endpoint_id = w.target
)
SELECT workload, workload_interface, subnet_id, route_table_id, peer, path, path_basis, traffic_path, next_hop_interface_type,
       route_destination, route_target, route_path, records, bytes, first_seen, last_seen
FROM judged
WHERE path = 'undetermined' OR route_path IS NULL OR path <> route_path
ORDER BY bytes DESC NULLS LAST, workload, workload_interface, peer, path, path_basis, traffic_path, next_hop_interface_type
