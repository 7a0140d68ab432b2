-- rejected-attempts: what security groups and network ACLs refused
--
-- A REJECT is an attempt, not traffic: nothing got through at the interface that logged it. It may also be a packet of a connection
-- that was closed already. `opened` is `outbound` if the workload opened it, `inbound` if the far end did, null if no SYN
-- tells; `port` is the port that was asked for, and where `opened` is null the lower of the two. Each attempt is counted at the
-- interface nearest to the workload that refused it. `reject_reason` knows `BPA` (block public access) and `EC` (encryption
-- controls) only: security groups and network ACLs are not told apart.
--
-- param opened text '*'  outbound, inbound; '*' is all
-- values opened '*', 'outbound', 'inbound'
-- column workload           text      address of the workload
-- column workload_interface text      its interface
-- column opened             text      outbound, inbound or null
-- column peer               text      the far end's address
-- column port               int       the port that was asked for
-- column protocol           text      tcp, udp …
-- column realm              text      whose address the far end's is
-- column service            text      the AWS service; null if none is known
-- column path               text      the way that it would have taken
-- column via                text      the gateway
-- column reject_reason      text      BPA, EC or null
-- column records            int       log lines
-- column packets            int
-- column first_seen         timestamp
-- column last_seen          timestamp

WITH legs AS (
  SELECT workload_interface, workload, peer, peer_port, protocol, path, via, exit, realm, service, vantage, initiator, workload_port, reject_reason,
         CASE vantage WHEN 'workload' THEN 1 WHEN 'unknown' THEN 2 WHEN 'endpoint' THEN 3 WHEN 'nat' THEN 4 ELSE 5 END AS distance,
         count(*) AS records, sum(bytes) AS bytes, sum(packets) AS packets, min(started_at) AS first_seen, max(ended_at) AS last_seen
  FROM flows
  WHERE path IS NOT NULL AND action = 'REJECT'
    -- What a transit gateway or an appliance forwards it logs twice: count it where it comes in.
    AND (vantage <> 'gateway' OR flow_direction IS NULL OR flow_direction <> 'egress')
  GROUP BY workload_interface, workload, peer, peer_port, protocol, path, via, exit, realm, service, vantage, initiator, workload_port, reject_reason
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
), told AS (
  SELECT *, CASE initiator WHEN 'workload' THEN 'outbound' WHEN 'peer' THEN 'inbound' END AS opened,
         CASE initiator WHEN 'workload' THEN peer_port WHEN 'peer' THEN workload_port ELSE least(workload_port, peer_port) END AS port
  FROM counted
)
SELECT workload, workload_interface, opened, peer, port, protocol_name(protocol) AS protocol, realm, service, path, via,
       nullif(CAST(reject_reason AS VARCHAR), '-') AS reject_reason,
       sum(records) AS records, sum(packets) AS packets, min(first_seen) AS first_seen, max(last_seen) AS last_seen
FROM told
WHERE $opened = '*' OR opened = $opened
GROUP BY workload, workload_interface, opened, peer, port, protocol_name(told.protocol), realm, service, path, via,
         nullif(CAST(told.reject_reason AS VARCHAR), '-')
ORDER BY records DESC, workload, workload_interface, opened, peer, port, protocol, realm, service, path, via, reject_reason
