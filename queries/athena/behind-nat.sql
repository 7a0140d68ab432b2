-- behind-nat, for Athena: who may be behind a NAT gateway's outside leg: an inference, never a proof
--
-- One line a candidate; a workload that is not logged is none, and where several fit none is picked. Needs the view, which finds a
-- NAT gateway by the default route only. Times may be off by 60 s. Outside legs are those that the NAT gateway's interface sent in
-- its own name; it cannot know which of them answers which, so what came back is not in it.
-- Put in your days: they prune what is read.

WITH own AS (
  SELECT n.nat_gateway_id, a.address FROM flowproof_nat_gateways AS n CROSS JOIN UNNEST(split(n.private_addresses, ',')) AS a (address)
), outside AS (
  SELECT o.nat_gateway_id, f.srcport AS nat_port, coalesce(nullif(f.pkt_dstaddr, '-'), f.dstaddr) AS peer, f.dstport AS peer_port, f.protocol,
         sum(f.bytes) AS bytes, min(f."start") AS start_s, max(f."end") AS end_s
  FROM vpc_flow_logs AS f
  JOIN flowproof_interfaces AS i ON i.interface_id = f.interface_id
  JOIN own AS o ON o.nat_gateway_id = i.nat_gateway_id AND o.address = coalesce(nullif(f.pkt_srcaddr, '-'), f.srcaddr)
  WHERE f.log_status = 'OK' AND f.action = 'ACCEPT' AND f.flow_direction = 'egress' AND f.day BETWEEN '2026/08/01' AND '2026/08/31'
  GROUP BY o.nat_gateway_id, f.srcport, coalesce(nullif(f.pkt_dstaddr, '-'), f.dstaddr), f.dstport, f.protocol
), inside AS (
  SELECT via, workload, interface_id, workload_port, peer, peer_port, protocol, sum(bytes) AS bytes, min(start_s) AS start_s, max(end_s) AS end_s
  FROM flowproof_egress
  WHERE action = 'ACCEPT' AND day BETWEEN '2026/08/01' AND '2026/08/31'
  GROUP BY via, workload, interface_id, workload_port, peer, peer_port, protocol
), best AS (
  SELECT * FROM (
    SELECT o.nat_gateway_id, o.nat_port, o.peer, o.peer_port, o.protocol, o.bytes, i.workload, i.interface_id, i.bytes AS candidate_bytes,
           row_number() OVER (PARTITION BY o.nat_gateway_id, o.nat_port, o.peer, o.peer_port, o.protocol, i.interface_id
             ORDER BY abs(o.bytes - i.bytes), i.workload_port) AS place
    FROM outside AS o
    JOIN inside AS i ON i.peer = o.peer AND i.peer_port = o.peer_port AND i.protocol = o.protocol
      AND i.start_s <= o.end_s + 60 AND i.end_s >= o.start_s - 60 AND (i.via = o.nat_gateway_id OR i.via IS NULL)
  )
  WHERE place = 1
)
SELECT nat_gateway_id, nat_port, peer, peer_port, protocol, bytes, workload AS candidate, interface_id AS candidate_interface, candidate_bytes,
       count(*) OVER (PARTITION BY nat_gateway_id, nat_port, peer, peer_port, protocol) AS candidates
FROM best
ORDER BY nat_gateway_id, peer, peer_port, nat_port, abs(bytes - candidate_bytes), candidate
