-- ipv6-bypass, for Athena: which workloads reach AWS's services by IPv6 past the endpoints
--
-- Needs create-view.sql, whose header says what a path is worth here. Bytes are those sent, accepted, at the workloads'
-- interfaces. It cannot know: the path of IPv6 through an egress-only internet gateway where traffic-path says nothing.
-- Put in your days: they prune what is read.

SELECT workload, interface_id, service, path, via, count(DISTINCT peer) AS destinations, count(*) AS records, sum(bytes) AS bytes
FROM flowproof_egress
WHERE strpos(peer, ':') > 0 AND realm = 'aws'
  AND path NOT IN ('via-endpoint-eni', 'via-gateway-endpoint') AND day BETWEEN '2026/08/01' AND '2026/08/31' AND action = 'ACCEPT'
GROUP BY workload, interface_id, service, path, via
ORDER BY bytes DESC, workload, interface_id, service, path, via
