-- path-over-time: how much took which path, step by step
--
-- A record counts in the step that its `end` lies in. A step without traffic has no line.
-- Accepted traffic, requests and replies together, each conversation at one vantage only: the workload's own
-- interface where that logged it, else the endpoint's, else a NAT gateway's inside leg, else where an
-- appliance or transit gateway took it in (`counted_at` says which). An amount is a lower bound where records are missing.
--
-- param step    duration '5m'  30s, 5m, 1h, 1d …
-- param service text '*'  s3, dynamodb, sts …; '*' is all traffic
-- values service '*', prefixes.service, endpoints.service, flows.service
-- column step      timestamp begin of the step
-- column path      text      the way it took
-- column exit      text      where it leaves in the end
-- column workloads int       how many addresses; 0 if masked
-- column records   int       log lines
-- column bytes     int       both ways

WITH legs AS (
  SELECT workload_interface, workload, peer, peer_port, protocol, path, via, exit, realm, service, vantage, bucket($step, ended_at) AS step,
         CASE vantage WHEN 'workload' THEN 1 WHEN 'unknown' THEN 2 WHEN 'endpoint' THEN 3 WHEN 'nat' THEN 4 ELSE 5 END AS distance,
         count(*) AS records, sum(bytes) AS bytes, sum(packets) AS packets, min(started_at) AS first_seen, max(ended_at) AS last_seen
  FROM flows
  WHERE path IS NOT NULL AND (action = 'ACCEPT' OR action IS NULL)
    -- What a transit gateway or an appliance forwards it logs twice: count it where it comes in.
    AND (vantage <> 'gateway' OR flow_direction IS NULL OR flow_direction <> 'egress')
  GROUP BY workload_interface, workload, peer, peer_port, protocol, path, via, exit, realm, service, vantage, bucket($step, ended_at)
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
)
SELECT step, path, exit, count(DISTINCT coalesce(workload_interface, '') || ' ' || workload) AS workloads,
       sum(records) AS records, sum(bytes) AS bytes
FROM counted
WHERE $service = '*' OR service = $service
GROUP BY step, path, exit
ORDER BY step, path, exit
