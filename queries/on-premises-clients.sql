-- on-premises-clients: who uses the endpoints without an interface in any VPC of the topology
--
-- Only the endpoint's own interfaces log such clients. They are on-premises, or in a VPC that the topology does not have:
-- `came_by` is `vpn` if a reply's `traffic-path` is 3, `peering` if 4 or 5, and null if no reply says. Accepted traffic,
-- requests and replies together, counted at the endpoint's interfaces. Traffic that went to the service's public addresses
-- without coming near a VPC is in no flow log. Clients out on the internet are in leaks-by-workload.
--
-- param network cidr '*'  only clients in it, such as 10.0.0.0/8; '*' is every one
-- values network '*'
-- column client      text      its address
-- column endpoint_id text      `vpce-…`
-- column service     text      what the endpoint is for
-- column vpc_id      text      the endpoint's VPC
-- column zones       text      zone ids of the interfaces that it used, joined by commas
-- column came_by     text      vpn, peering or null
-- column records     int       log lines
-- column bytes       int       both ways
-- column first_seen  timestamp
-- column last_seen   timestamp

WITH known AS (
  SELECT DISTINCT unnest(string_to_array(private_addresses, ',')) AS address FROM interfaces
), clients AS (
  SELECT f.*
  FROM flows AS f
  WHERE f.vantage = 'endpoint' AND f.path = 'via-endpoint-eni' AND f.workload IS NOT NULL AND f.workload_interface IS NULL
    AND (f.action = 'ACCEPT' OR f.action IS NULL) AND ($network = '*' OR cidr_contains(CASE $network WHEN '*' THEN '::/0' ELSE $network END, f.workload))
    AND f.workload NOT IN (SELECT address FROM known WHERE address IS NOT NULL)
), legs AS (
  SELECT workload, via, service, interface_id,
         CASE max(CASE WHEN traffic_path = 3 THEN 2 WHEN traffic_path IN (4, 5) THEN 1 ELSE 0 END)
           WHEN 2 THEN 'vpn' WHEN 1 THEN 'peering' END AS came_by,
         count(*) AS records, sum(bytes) AS bytes, min(started_at) AS first_seen, max(ended_at) AS last_seen
  FROM clients
  GROUP BY workload, via, service, interface_id
)
SELECT l.workload AS client, l.via AS endpoint_id, l.service, e.vpc_id,
       string_agg(DISTINCT i.availability_zone_id, ',' ORDER BY i.availability_zone_id) AS zones,
       max(l.came_by) AS came_by, sum(l.records) AS records, sum(l.bytes) AS bytes,
       min(l.first_seen) AS first_seen, max(l.last_seen) AS last_seen
FROM legs AS l
LEFT JOIN endpoints AS e ON e.endpoint_id = l.via
LEFT JOIN interfaces AS i ON i.interface_id = l.interface_id
GROUP BY l.workload, l.via, l.service, e.vpc_id
ORDER BY bytes DESC NULLS LAST, client, endpoint_id, l.service
