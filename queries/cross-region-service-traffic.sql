-- cross-region-service-traffic: which traffic to AWS's services goes to another Region than the workload's
--
-- The Region of an address is that of the longest range that AWS publishes for the service; addresses that no range has, and
-- ranges that are `GLOBAL`, are not in the answer, nor are workloads whose Region the topology does not know. A gateway endpoint
-- carries its own Region only, so this is where leaks hide that nobody meant.
-- Accepted traffic, requests and replies together, each conversation at one vantage only: the workload's own
-- interface where that logged it, else the endpoint's, else a NAT gateway's inside leg, else where an
-- appliance or transit gateway took it in (`counted_at` says which). An amount is a lower bound where records are missing.
--
-- param service text '*'  s3, dynamodb, sts …; '*' is every one
-- values service '*', prefixes.service, endpoints.service, flows.service
-- column workload           text      address of the workload
-- column workload_interface text      its interface
-- column service            text      the AWS service
-- column home_region        text      the workload's Region
-- column peer_region        text      the Region of the address
-- column path               text      the way it took
-- column via                text      the gateway
-- column exit               text      where it leaves in the end
-- column destinations       int       how many addresses
-- column records            int       log lines
-- column bytes              int       both ways
-- column first_seen         timestamp
-- column last_seen          timestamp
-- column counted_at         text      the vantage whose records were added

WITH legs AS (
  SELECT workload_interface, workload, peer, peer_port, protocol, path, via, exit, realm, service, vantage,
         CASE vantage WHEN 'workload' THEN 1 WHEN 'unknown' THEN 2 WHEN 'endpoint' THEN 3 WHEN 'nat' THEN 4 ELSE 5 END AS distance,
         count(*) AS records, sum(bytes) AS bytes, sum(packets) AS packets, min(started_at) AS first_seen, max(ended_at) AS last_seen
  FROM flows
  WHERE path IS NOT NULL AND (action = 'ACCEPT' OR action IS NULL)
    -- What a transit gateway or an appliance forwards it logs twice: count it where it comes in.
    AND (vantage <> 'gateway' OR flow_direction IS NULL OR flow_direction <> 'egress')
  GROUP BY workload_interface, workload, peer, peer_port, protocol, path, via, exit, realm, service, vantage
), counted AS (
  SELECT * FROM (
    SELECT *,
           coalesce(min(CASE WHEN path <> 'undetermined' THEN distance END) OVER host, min(distance) OVER host) AS nearest_of_host,
           coalesce(min(CASE WHEN path <> 'undetermined' THEN distance END) OVER address, min(distance) OVER address) AS nearest_of_address,
           count(workload) OVER far_end AS named
    FROM legs
    WINDOW host AS (PARTITION BY workload_interface, workload, peer, peer_port, protocol),
           address AS (PARTITION BY workload, peer, peer_port, protocol),
           far_end AS (PARTITION BY peer, peer_port, protocol)
  ) AS judged
  WHERE CASE WHEN workload IS NULL THEN named = 0
             WHEN workload_interface IS NULL THEN distance = nearest_of_address
             ELSE distance = nearest_of_host END
), outside AS (
  SELECT * FROM counted WHERE service IS NOT NULL AND realm IN ('aws', 'internet') AND ($service = '*' OR service = $service)
), peers AS (
  SELECT DISTINCT peer, service FROM outside WHERE peer IS NOT NULL AND service IS NOT NULL
), located AS (
  -- The longest published range of that service; an address that AWS added since has none.
  SELECT peer, service, region FROM (
    SELECT p.peer, p.service, x.region,
           row_number() OVER (PARTITION BY p.peer, p.service ORDER BY CAST(split_part(x.cidr, '/', 2) AS INT) DESC, x.region) AS place
    FROM peers AS p JOIN prefixes AS x ON x.service = p.service AND x.source = 'ip-ranges' AND cidr_contains(x.cidr, p.peer)
  ) AS ranges
  WHERE place = 1
)
SELECT o.workload, o.workload_interface, o.service, i.region AS home_region, l.region AS peer_region, o.path, o.via, o.exit,
       count(DISTINCT o.peer) AS destinations, sum(o.records) AS records, sum(o.bytes) AS bytes,
       min(o.first_seen) AS first_seen, max(o.last_seen) AS last_seen, o.vantage AS counted_at
FROM outside AS o
JOIN located AS l ON l.peer = o.peer AND l.service = o.service
JOIN interfaces AS i ON i.interface_id = o.workload_interface
WHERE l.region <> i.region AND l.region <> 'GLOBAL'
GROUP BY o.workload, o.workload_interface, o.service, i.region, l.region, o.path, o.via, o.exit, o.vantage
ORDER BY bytes DESC NULLS LAST, o.workload, o.workload_interface, o.service, peer_region, o.path, o.via, o.exit, o.vantage
