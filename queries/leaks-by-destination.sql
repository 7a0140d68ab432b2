-- leaks-by-destination: which far ends were reached past the endpoints, and by how many workloads
--
-- `finding` is `leak` (it leaves by an internet gateway), `detour` (a NAT gateway carries it, but what leaves its subnet
-- takes an endpoint), `unknown` (the path or the exit cannot be told) or `hidden` (the record does not say the far end: it may be
-- the service in question, and its bytes may stand in another line too). Only an answer without `unknown` and `hidden` lines over
-- a whole record says that there is no leak, and `verify` is what proves it.
-- Where the workload is a client that an endpoint serves out on the internet, or may be, the far end is the endpoint: listed whatever
-- the `realm`, even if the client's own interface, in another VPC, is where it is counted.
-- A NAT gateway's outside leg without a workload is listed, with none, if nobody else logged that far end: see behind-nat.
-- Accepted traffic, requests and replies together, each conversation at one vantage only: the workload's own
-- interface where that logged it, else the endpoint's, else a NAT gateway's inside leg, else where an
-- appliance or transit gateway took it in (`counted_at` says which). An amount is a lower bound where records are missing.
--
-- param service   text '*'  s3, dynamodb, sts …; '*' is every one
-- values service '*', prefixes.service, endpoints.service, flows.service
-- param realm     text 'aws'  aws: AWS's services; internet: addresses that anybody may have; '*': both
-- values realm '*', 'aws', 'internet'
-- param min_bytes int 0  leave out lines of fewer bytes; `hidden` and `unknown` ones stay
-- values min_bytes 0..
-- column peer       text      the far end's address; null if hidden
-- column port       int       its port
-- column protocol   text      tcp, udp …
-- column realm      text      aws or internet; vpc of an endpoint's interface
-- column service    text      the AWS service; null if none is known
-- column finding    text      leak, detour, unknown or hidden
-- column path       text      the way it took
-- column via        text      the gateway
-- column exit       text      where it leaves in the end
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
           count(CASE WHEN vantage = 'endpoint' AND path <> 'via-endpoint-eni' THEN 1 END) OVER address AS served_out,
           count(workload) OVER far_end AS named
    FROM legs
    WINDOW host AS (PARTITION BY workload_interface, workload, peer, peer_port, protocol),
           address AS (PARTITION BY workload, peer, peer_port, protocol),
           far_end AS (PARTITION BY peer, peer_port, protocol)
  ) AS judged
  WHERE CASE WHEN workload IS NULL THEN named = 0
             WHEN workload_interface IS NULL THEN distance = nearest_of_address
             ELSE distance = nearest_of_host END
), found AS (
  SELECT c.*, CASE WHEN c.peer IS NULL THEN 'hidden'
            WHEN c.exit = 'internet-gateway' THEN 'leak'
            WHEN c.path = 'via-nat' AND c.exit IN ('gateway-endpoint', 'endpoint') THEN 'detour'
            ELSE 'unknown' END AS finding
  FROM counted AS c
  WHERE c.path NOT IN ('via-endpoint-eni', 'via-gateway-endpoint', 'intra-vpc')
    AND (c.path = 'via-nat' OR c.exit NOT IN ('endpoint', 'gateway-endpoint') OR c.exit IS NULL)
    AND (c.peer IS NULL
         OR (c.served_out > 0 OR c.realm IN ('aws', 'internet') AND ($realm = '*' OR c.realm = $realm))
            AND ($service = '*' OR c.service = $service))
)
SELECT peer, peer_port AS port, protocol_name(protocol) AS protocol, realm, service, finding, path, via, exit,
       count(DISTINCT coalesce(workload_interface, '') || ' ' || workload) AS workloads, sum(records) AS records, sum(bytes) AS bytes,
       min(first_seen) AS first_seen, max(last_seen) AS last_seen
FROM found
GROUP BY peer, peer_port, protocol_name(found.protocol), realm, service, finding, path, via, exit
HAVING coalesce(sum(bytes), 0) >= $min_bytes OR finding IN ('unknown', 'hidden')
ORDER BY bytes DESC NULLS LAST, peer, port, protocol, realm, service, finding, path, via, exit
