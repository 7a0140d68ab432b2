-- top-talkers: which workloads moved the most, and whereto
--
-- All accepted traffic whatever its path, requests and replies together, each conversation at one vantage only: the workload's
-- own interface where that logged it, else the endpoint's, else a NAT gateway's inside leg; what only a transit gateway or an
-- appliance logged is left out. Between two workloads of the topology each end counts its own: two lines, one packet.
--
-- param rows        int 20  how many lines
-- values rows 1..
-- param least_bytes int 0  leave out lines of fewer bytes
-- values least_bytes 0..
-- column place              int  from 1
-- column workload           text address of the workload
-- column workload_interface text its interface, if the topology knows it
-- column name               text the interface's tag `Name`
-- column instance_id        text the instance that it is plugged in
-- column peer               text the far end's address
-- column realm              text whose address that is
-- column service            text the AWS service; null if none is known
-- column path               text the way it took
-- column via                text the gateway
-- column records            int  log lines
-- column packets            int  both ways
-- column bytes              int  both ways
-- column counted_at         text the vantage whose records were added

WITH legs AS (
  SELECT workload_interface, workload, peer, peer_port, protocol, path, via, exit, realm, service, vantage,
         CASE vantage WHEN 'workload' THEN 1 WHEN 'unknown' THEN 2 WHEN 'endpoint' THEN 3 WHEN 'nat' THEN 4 ELSE 5 END AS distance,
         count(*) AS records, sum(bytes) AS bytes, sum(packets) AS packets, min(started_at) AS first_seen, max(ended_at) AS last_seen
  FROM flows
  WHERE path IS NOT NULL AND workload IS NOT NULL AND vantage <> 'gateway' AND (action = 'ACCEPT' OR action IS NULL)
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
), talkers AS (
  SELECT workload, workload_interface, peer, realm, service, path, via, vantage,
         sum(records) AS records, sum(packets) AS packets, sum(bytes) AS bytes
  FROM counted
  WHERE peer IS NOT NULL
  GROUP BY workload, workload_interface, peer, realm, service, path, via, vantage
), ranked AS (
  SELECT *, row_number() OVER (
    ORDER BY bytes DESC NULLS LAST, workload, workload_interface, peer, realm, service, path, via, vantage) AS place
  FROM talkers
  WHERE coalesce(bytes, 0) >= $least_bytes
)
SELECT r.place, r.workload, r.workload_interface, i.name, i.instance_id, r.peer, r.realm, r.service, r.path, r.via,
       r.records, r.packets, r.bytes, r.vantage AS counted_at
FROM ranked AS r LEFT JOIN interfaces AS i ON i.interface_id = r.workload_interface
WHERE r.place <= $rows
ORDER BY r.place
