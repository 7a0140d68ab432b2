-- unusual-ports-on-endpoints, for Athena: what used an endpoint otherwise than by TCP 443
--
-- Needs create-view.sql, whose header says what a path is worth here. Bytes are those sent, accepted, at the workloads'
-- interfaces. It cannot know: what on-premises clients did, connections that the endpoint's side opened.
-- Put in your days: they prune what is read.

SELECT via AS endpoint_id, service, path, workload, interface_id, peer, peer_port AS port, protocol, action, count(*) AS records, sum(bytes) AS bytes
FROM flowproof_egress
WHERE path IN ('via-endpoint-eni', 'via-gateway-endpoint') AND (protocol <> 6 OR peer_port NOT IN (443)) AND day BETWEEN '2026/08/01' AND '2026/08/31'
GROUP BY via, service, path, workload, interface_id, peer, peer_port, protocol, action
ORDER BY bytes DESC, endpoint_id, workload, peer, port, protocol
