-- cross-zone-endpoint-traffic: which workloads use an endpoint's interface in another zone than their own
--
-- Accepted traffic, requests and replies together. Each conversation is counted at the endpoint's interface where that logged
-- it, else at the workload's; a gateway endpoint has no interface, so at the workload's only.
-- Clients whose zone the topology does not know (on-premises, other accounts) are not in it, nor are gateway endpoints, which have
-- no zone. Crossing is normal with the endpoint's regional name: it costs latency, and the other zone's failure reaches this one.
--
-- param service text '*'  s3, dynamodb, sts …; '*' is every one
-- values service '*', prefixes.service, endpoints.service, flows.service
-- column endpoint_id        text `vpce-…`
-- column service            text what it is for
-- column client_zone        text zone id of the workload
-- column endpoint_zone      text zone id of the endpoint's interface
-- column workload           text address of the workload
-- column workload_interface text its interface
-- column records            int  log lines
-- column bytes              int  both ways

WITH legs AS (
  SELECT workload_interface, workload, peer, peer_port, protocol, via, vantage,
         CASE vantage WHEN 'endpoint' THEN 1 WHEN 'workload' THEN 2 ELSE 3 END AS distance,
         count(*) AS records, sum(bytes) AS bytes, min(started_at) AS first_seen, max(ended_at) AS last_seen
  FROM flows
  WHERE path IN ('via-endpoint-eni', 'via-gateway-endpoint') AND via IS NOT NULL AND vantage <> 'gateway'
    AND (action = 'ACCEPT' OR action IS NULL)
  GROUP BY workload_interface, workload, peer, peer_port, protocol, via, vantage
), counted AS (
  SELECT * FROM (
    SELECT *, min(distance) OVER (PARTITION BY workload, peer, peer_port, protocol, via) AS nearest FROM legs
  ) AS judged
  WHERE distance = nearest
), addresses AS (
  -- Addresses repeat in other VPCs, but not among the interfaces of one endpoint.
  SELECT endpoint_id, interface_id, availability_zone_id, unnest(string_to_array(private_addresses, ',')) AS address
  FROM interfaces
  WHERE endpoint_id IS NOT NULL
), places AS (
  -- An address of an endpoint's client names one interface only if no other VPC repeats it.
  SELECT address, min(availability_zone_id) AS zone, min(interface_id) AS interface_id FROM (
    SELECT interface_id, availability_zone_id, unnest(string_to_array(private_addresses, ',')) AS address FROM interfaces
  ) AS each
  GROUP BY address HAVING count(*) = 1
)
SELECT e.endpoint_id, e.service, coalesce(i.availability_zone_id, p.zone) AS client_zone, a.availability_zone_id AS endpoint_zone,
       c.workload, coalesce(c.workload_interface, p.interface_id) AS workload_interface,
       sum(c.records) AS records, sum(c.bytes) AS bytes
FROM counted AS c
JOIN endpoints AS e ON e.endpoint_id = c.via
JOIN addresses AS a ON a.endpoint_id = c.via AND a.address = c.peer
LEFT JOIN interfaces AS i ON i.interface_id = c.workload_interface
LEFT JOIN places AS p ON p.address = c.workload AND c.workload_interface IS NULL
WHERE coalesce(i.availability_zone_id, p.zone) <> a.availability_zone_id AND ($service = '*' OR e.service = $service)
GROUP BY e.endpoint_id, e.service, coalesce(i.availability_zone_id, p.zone), a.availability_zone_id, c.workload,
         coalesce(c.workload_interface, p.interface_id)
ORDER BY bytes DESC NULLS LAST, e.endpoint_id, client_zone, endpoint_zone, c.workload, workload_interface
