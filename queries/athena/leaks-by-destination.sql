-- leaks-by-destination, for Athena: which far ends were reached past the endpoints, and by how many workloads
--
-- Needs create-view.sql, whose header says what a path is worth here. Bytes are those sent, accepted, at the workloads'
-- interfaces. It cannot know: where a NAT gateway's traffic leaves, the leaks of workloads that are not logged, services that the
-- record does not name. No lines is no proof.
-- Put in your days: they prune what is read.

SELECT peer, peer_port AS port, protocol, realm, service, path, via, count(DISTINCT interface_id) AS workloads,
       count(*) AS records, sum(bytes) AS bytes, from_unixtime(min(start_s)) AS first_seen, from_unixtime(max(end_s)) AS last_seen
FROM flowproof_egress
WHERE realm = 'aws' AND path NOT IN ('via-endpoint-eni', 'via-gateway-endpoint') AND day BETWEEN '2026/08/01' AND '2026/08/31' AND action = 'ACCEPT'
GROUP BY peer, peer_port, protocol, realm, service, path, via
ORDER BY bytes DESC, peer, port, protocol, service, path, via
