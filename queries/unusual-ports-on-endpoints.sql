-- unusual-ports-on-endpoints: what used an endpoint otherwise than its usual ports say
--
-- Another port than the usual ones, another protocol than TCP, or a connection that the endpoint's side opened, which AWS says
-- cannot be. Accepted and rejected records; requests and replies together, each conversation at one vantage: the endpoint's
-- interface where that logged it, else the workload's.
--
-- param usual ports '443'  the usual ports, joined by commas
-- column endpoint_id        text      `vpce-…`
-- column service            text      what it is for
-- column path               text      by its interface or as a gateway endpoint
-- column workload           text      address of the workload
-- column workload_interface text      its interface
-- column peer               text      the endpoint's or the service's address
-- column port               int       the port at that end
-- column protocol           text      tcp, udp …
-- column opened_by          text      workload, peer or unknown
-- column action             text      ACCEPT, REJECT or null
-- column records            int       log lines
-- column bytes              int       both ways
-- column first_seen         timestamp
-- column last_seen          timestamp

WITH legs AS (
  SELECT workload_interface, workload, peer, peer_port, protocol, path, via, service, vantage, initiator, action,
         CASE vantage WHEN 'endpoint' THEN 1 WHEN 'workload' THEN 2 ELSE 3 END AS distance,
         count(*) AS records, sum(bytes) AS bytes, min(started_at) AS first_seen, max(ended_at) AS last_seen
  FROM flows
  WHERE path IN ('via-endpoint-eni', 'via-gateway-endpoint')
    AND (protocol <> 6 OR initiator = 'peer' OR position(',' || CAST(peer_port AS VARCHAR) || ',' IN ',' || replace($usual, ' ', '') || ',') = 0)
  GROUP BY workload_interface, workload, peer, peer_port, protocol, path, via, service, vantage, initiator, action
), counted AS (
  SELECT * FROM (
    SELECT *, min(distance) OVER (PARTITION BY workload, peer, peer_port, protocol, action) AS nearest FROM legs
  ) AS judged
  WHERE distance = nearest
)
SELECT via AS endpoint_id, service, path, workload, workload_interface, peer, peer_port AS port, protocol_name(protocol) AS protocol,
       initiator AS opened_by, action, sum(records) AS records, sum(bytes) AS bytes, min(first_seen) AS first_seen, max(last_seen) AS last_seen
FROM counted
GROUP BY via, service, path, workload, workload_interface, peer, peer_port, protocol_name(counted.protocol), initiator, action
ORDER BY bytes DESC NULLS LAST, endpoint_id, service, path, workload, workload_interface, peer, port, protocol, opened_by, action
