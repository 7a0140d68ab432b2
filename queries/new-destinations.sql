-- new-destinations: which far ends were seen for the first time at the end of the window
--
-- New is what nobody talked to before the last `last_minutes` of the records; the records before are all that it is compared
-- with, so read enough of them: days, not minutes. Far ends within VPCs are left out unless `realm` asks for them.
-- Accepted traffic, requests and replies together, each conversation at one vantage only: the workload's own
-- interface where that logged it, else the endpoint's, else a NAT gateway's inside leg, else where an
-- appliance or transit gateway took it in (`counted_at` says which). An amount is a lower bound where records are missing.
--
-- param last_minutes int 10  how long before the last record is new
-- values last_minutes 1..5256000
-- param realm        text '*'  aws, internet, private or vpc; '*' is every one but vpc
-- values realm '*', 'aws', 'internet', 'private', 'vpc'
-- column peer       text      the far end's address
-- column port       int       its port
-- column protocol   text      tcp, udp …
-- column realm      text      whose address it is
-- column service    text      the AWS service; null if none is known
-- column path       text      the way it took
-- column via        text      the gateway
-- column workloads  int       how many addresses talked to it; 0 if masked
-- column records    int       log lines
-- column bytes      int       both ways
-- column first_seen timestamp
-- column last_seen  timestamp

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
), dated AS (
  SELECT *, max(last_seen) OVER () AS newest, min(first_seen) OVER (PARTITION BY peer) AS peer_since FROM counted
)
SELECT peer, peer_port AS port, protocol_name(protocol) AS protocol, realm, service, path, via,
       count(DISTINCT coalesce(workload_interface, '') || ' ' || workload) AS workloads, sum(records) AS records, sum(bytes) AS bytes,
       min(first_seen) AS first_seen, max(last_seen) AS last_seen
FROM dated
WHERE peer IS NOT NULL AND to_unixtime(peer_since) >= to_unixtime(newest) - $last_minutes * 60
  AND (($realm = '*' AND (realm IS NULL OR realm <> 'vpc')) OR realm = $realm)
GROUP BY peer, peer_port, protocol_name(dated.protocol), realm, service, path, via
ORDER BY first_seen, peer, port, protocol, realm, service, path, via
