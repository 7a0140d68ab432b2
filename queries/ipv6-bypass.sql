-- ipv6-bypass: which workloads reach AWS's services by IPv6 past the endpoints
--
-- A gateway endpoint without IPv6 and an interface endpoint without an IPv6 address leave the service's IPv6 addresses to the
-- internet gateway. `ipv4_paths` shows how the same interface reaches the same service by IPv4: where it says
-- `via-gateway-endpoint`, only IPv4 is private.
-- Accepted traffic, requests and replies together, each conversation at one vantage only: the workload's own
-- interface where that logged it, else the endpoint's, else a NAT gateway's inside leg, else where an
-- appliance or transit gateway took it in (`counted_at` says which). An amount is a lower bound where records are missing.
--
-- param service text '*'  s3, dynamodb, sts …; '*' is every one
-- values service '*', prefixes.service, endpoints.service, flows.service
-- column workload           text      its IPv6 address
-- column workload_interface text      its interface
-- column service            text      the AWS service
-- column path               text      the way it took by IPv6
-- column via                text      the gateway
-- column exit               text      where it leaves in the end
-- column destinations       int       how many addresses
-- column records            int       log lines
-- column bytes              int       both ways
-- column first_seen         timestamp
-- column last_seen          timestamp
-- column ipv4_paths         text      the ways of this interface to the service by IPv4, joined by commas; null if none
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
), by_ipv4 AS (
  SELECT workload_interface, service, string_agg(DISTINCT CAST(path AS VARCHAR), ',' ORDER BY CAST(path AS VARCHAR)) AS paths
  FROM counted
  WHERE position(':' IN peer) = 0 AND service IS NOT NULL AND workload_interface IS NOT NULL
  GROUP BY workload_interface, service
)
SELECT c.workload, c.workload_interface, c.service, c.path, c.via, c.exit, count(DISTINCT c.peer) AS destinations,
       sum(c.records) AS records, sum(c.bytes) AS bytes, min(c.first_seen) AS first_seen, max(c.last_seen) AS last_seen,
       v.paths AS ipv4_paths, c.vantage AS counted_at
FROM counted AS c LEFT JOIN by_ipv4 AS v ON v.workload_interface = c.workload_interface AND v.service = c.service
WHERE position(':' IN c.peer) > 0 AND c.realm = 'aws' AND c.path NOT IN ('via-endpoint-eni', 'via-gateway-endpoint')
  AND ($service = '*' OR c.service = $service)
GROUP BY c.workload, c.workload_interface, c.service, c.path, c.via, c.exit, v.paths, c.vantage
ORDER BY bytes DESC NULLS LAST, c.workload, c.workload_interface, c.service, c.path, c.via, c.exit, c.vantage
