-- endpoint-usage: who uses which endpoint in which zone, and which endpoints nobody uses
--
-- Accepted traffic, requests and replies together. Each conversation is counted at the endpoint's interface where that logged
-- it, else at the workload's; a gateway endpoint has no interface, so at the workload's only.
-- An endpoint, or an interface of one, without traffic has one line without a client. `note` says `idle` (no accepted traffic in
-- the logs; which says little if they do not cover its clients), `one zone only` (an interface endpoint with interfaces in one
-- zone: if the zone fails, so does the endpoint), or both. Endpoints whose interfaces the topology does not have show no zone.
--
-- param service text '*'  s3, dynamodb, sts …; '*' is every one
-- values service '*', prefixes.service, endpoints.service, flows.service
-- column endpoint_id      text      `vpce-…`
-- column endpoint_type    text      Gateway, Interface …
-- column service          text      what it is for
-- column vpc_id           text      its VPC
-- column state            text      AWS's word
-- column zone             text      zone id of its interface; null for a gateway endpoint
-- column interface_id     text      its interface in that zone
-- column client           text      address of the workload
-- column client_interface text      its interface, if the topology knows it
-- column records          int       log lines; 0 if idle
-- column bytes            int       both ways; 0 if idle
-- column first_seen       timestamp
-- column last_seen        timestamp
-- column note             text      idle, one zone only

WITH legs AS (
  SELECT f.workload_interface, f.workload, f.peer, f.peer_port, f.protocol, coalesce(own.endpoint_id, f.via) AS via, f.vantage,
         CASE f.vantage WHEN 'endpoint' THEN 1 WHEN 'workload' THEN 2 ELSE 3 END AS distance,
         count(*) AS records, sum(f.bytes) AS bytes, min(f.started_at) AS first_seen, max(f.ended_at) AS last_seen
  FROM flows AS f
  -- On its own interface it is the endpoint that is used, whichever way leads to the client.
  LEFT JOIN interfaces AS own ON f.vantage = 'endpoint' AND own.interface_id = f.interface_id
  WHERE (f.path IN ('via-endpoint-eni', 'via-gateway-endpoint') AND f.via IS NOT NULL AND f.vantage <> 'gateway' OR own.endpoint_id IS NOT NULL)
    AND (f.action = 'ACCEPT' OR f.action IS NULL)
  GROUP BY f.workload_interface, f.workload, f.peer, f.peer_port, f.protocol, coalesce(own.endpoint_id, f.via), f.vantage
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
), used AS (
  SELECT c.via, a.interface_id, c.workload, c.workload_interface,
         sum(c.records) AS records, sum(c.bytes) AS bytes, min(c.first_seen) AS first_seen, max(c.last_seen) AS last_seen
  FROM counted AS c LEFT JOIN addresses AS a ON a.endpoint_id = c.via AND a.address = c.peer
  GROUP BY c.via, a.interface_id, c.workload, c.workload_interface
), places AS (
  -- Every endpoint and every interface of it; and the endpoint as such, for gateway endpoints and interfaces that are not known.
  SELECT e.endpoint_id, i.interface_id, i.availability_zone_id
  FROM endpoints AS e JOIN interfaces AS i ON i.endpoint_id = e.endpoint_id
  UNION ALL
  SELECT e.endpoint_id, NULL, NULL
  FROM endpoints AS e
  WHERE e.endpoint_id NOT IN (SELECT endpoint_id FROM interfaces WHERE endpoint_id IS NOT NULL)
     OR e.endpoint_id IN (SELECT via FROM used WHERE interface_id IS NULL)
), zones AS (
  SELECT endpoint_id, count(DISTINCT availability_zone_id) AS zones FROM interfaces WHERE endpoint_id IS NOT NULL GROUP BY endpoint_id
)
SELECT e.endpoint_id, e.endpoint_type, e.service, e.vpc_id, e.state, p.availability_zone_id AS zone, p.interface_id,
       u.workload AS client, u.workload_interface AS client_interface, coalesce(u.records, 0) AS records, coalesce(u.bytes, 0) AS bytes,
       u.first_seen, u.last_seen,
       CASE WHEN u.records IS NULL AND z.zones = 1 THEN 'idle, one zone only'
            WHEN u.records IS NULL THEN 'idle'
            WHEN z.zones = 1 THEN 'one zone only' END AS note
FROM endpoints AS e
JOIN places AS p ON p.endpoint_id = e.endpoint_id
LEFT JOIN used AS u ON u.via = p.endpoint_id AND coalesce(u.interface_id, '') = coalesce(p.interface_id, '')
LEFT JOIN zones AS z ON z.endpoint_id = e.endpoint_id
WHERE $service = '*' OR e.service = $service
ORDER BY e.endpoint_id, zone, p.interface_id, bytes DESC, client, client_interface
