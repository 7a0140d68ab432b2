-- behind-nat: who may be behind a NAT gateway's outside leg: an inference, never a proof
--
-- On its outside leg a NAT gateway talks in its own name and with ports of its own. Candidates are the workload-side records (the
-- workload's own, or the inside leg if that names the far end) with the same far end, port, protocol and direction, through that
-- gateway or one that is not known, at a time that overlaps within `slack_seconds`. They are ranked by how near their bytes
-- are, then by how long they overlap. Every line is an inference: `inferred_workload` is filled only where one candidate alone
-- fits; where several fit, none is picked, however near the first comes. A workload that is not logged at all is no candidate, so
-- the only one that fits may still be the wrong one. No verdict rests on this. Accepted traffic; one line a candidate.
--
-- param slack_seconds int 60  by how much times may be off, which flow logs are by up to a minute
-- values slack_seconds 0..86400
-- param nat           text '*'  a NAT gateway's id; '*' is every one
-- values nat '*', nat_gateways.nat_gateway_id, interfaces.nat_gateway_id
-- column nat_gateway_id      text      `nat-…`
-- column nat_port            int       the port of the NAT gateway on this leg
-- column peer                text      the far end's address
-- column peer_port           int       its port
-- column protocol            text      tcp, udp …
-- column way                 text      out: to the far end; back: from it
-- column bytes               int       of the outside leg, one way
-- column first_seen          timestamp of the outside leg
-- column last_seen           timestamp of the outside leg
-- column candidates          int       how many workloads fit
-- column rank                int       1 is the nearest; null without candidates
-- column candidate           text      address of a workload that fits
-- column candidate_interface text      its interface
-- column candidate_bytes     int       of its leg, the same way
-- column overlap_seconds     int       how long both were seen, slack included
-- column inferred_workload   text      the candidate, if it is the only one
-- column basis               text      what the line is

WITH sides AS (
  -- A masked workload has no port; what stands there is the NAT gateway's own.
  SELECT workload, workload_interface, CASE coalesce(pkt_dstaddr, dstaddr) WHEN peer THEN srcport ELSE dstport END AS near_port,
         peer, peer_port, protocol, via, vantage, CASE coalesce(pkt_dstaddr, dstaddr) WHEN peer THEN 'out' ELSE 'back' END AS way,
         sum(bytes) AS bytes, min("start") AS since, max("end") AS until, min(started_at) AS first_seen, max(ended_at) AS last_seen
  FROM flows
  WHERE path = 'via-nat' AND peer IS NOT NULL AND vantage IN ('workload', 'nat') AND (action = 'ACCEPT' OR action IS NULL)
  GROUP BY workload, workload_interface, CASE coalesce(pkt_dstaddr, dstaddr) WHEN peer THEN srcport ELSE dstport END,
           peer, peer_port, protocol, via, vantage, CASE coalesce(pkt_dstaddr, dstaddr) WHEN peer THEN 'out' ELSE 'back' END
), outside AS (
  SELECT * FROM sides WHERE vantage = 'nat' AND workload IS NULL AND ($nat = '*' OR via = $nat)
), fitting AS (
  SELECT o.via AS nat, o.near_port AS nat_port, o.peer, o.peer_port, o.protocol, o.way, s.workload, s.workload_interface,
         s.bytes AS candidate_bytes,
         least(o.until, s.until) - greatest(o.since, s.since) + $slack_seconds AS overlap_seconds,
         abs(coalesce(o.bytes, 0) - coalesce(s.bytes, 0)) AS bytes_apart
  FROM outside AS o
  JOIN sides AS s ON s.peer = o.peer AND s.peer_port = o.peer_port AND s.protocol = o.protocol AND s.way = o.way
  WHERE s.workload IS NOT NULL AND (s.via = o.via OR s.via IS NULL)
    AND s.since <= o.until + $slack_seconds AND s.until >= o.since - $slack_seconds
), best AS (
  -- A workload's connection that comes nearest, one a workload: its own record and the inside leg tell of the same one.
  SELECT * FROM (
    SELECT *, row_number() OVER (
      PARTITION BY nat, nat_port, peer, peer_port, protocol, way, workload
      ORDER BY bytes_apart, overlap_seconds DESC, workload_interface, candidate_bytes) AS place
    FROM fitting
  ) AS ordered
  WHERE place = 1
), ranked AS (
  SELECT *, count(*) OVER (PARTITION BY nat, nat_port, peer, peer_port, protocol, way) AS candidates,
         row_number() OVER (PARTITION BY nat, nat_port, peer, peer_port, protocol, way
           ORDER BY bytes_apart, overlap_seconds DESC, workload, workload_interface) AS rank
  FROM best
)
SELECT o.via AS nat_gateway_id, o.near_port AS nat_port, o.peer, o.peer_port, protocol_name(o.protocol) AS protocol, o.way, o.bytes,
       o.first_seen, o.last_seen, coalesce(r.candidates, 0) AS candidates, r.rank, r.workload AS candidate,
       r.workload_interface AS candidate_interface, r.candidate_bytes, r.overlap_seconds,
       CASE WHEN r.candidates = 1 THEN r.workload END AS inferred_workload,
       CASE WHEN r.candidates IS NULL THEN 'nobody fits'
            WHEN r.candidates = 1 THEN 'inference: the only one that fits'
            ELSE 'inference: several fit, none is picked' END AS basis
FROM outside AS o
LEFT JOIN ranked AS r ON r.nat = o.via AND r.nat_port = o.near_port AND r.peer = o.peer AND r.peer_port = o.peer_port
  AND r.protocol = o.protocol AND r.way = o.way
ORDER BY nat_gateway_id, o.peer, o.peer_port, nat_port, protocol, o.way, r.rank
