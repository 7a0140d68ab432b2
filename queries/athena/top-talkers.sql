-- top-talkers, for Athena: which workloads sent the most, and whereto
--
-- Needs create-view.sql, whose header says what a path is worth here. Bytes are those sent, accepted, at the workloads'
-- interfaces. It cannot know what they received: replies are records without a path.
-- Put in your days: they prune what is read.

SELECT workload, interface_id, name, instance_id, peer, service, path, via, count(*) AS records, sum(packets) AS packets, sum(bytes) AS bytes
FROM flowproof_egress
WHERE action = 'ACCEPT' AND day BETWEEN '2026/08/01' AND '2026/08/31'
GROUP BY workload, interface_id, name, instance_id, peer, service, path, via
ORDER BY bytes DESC, workload, peer, path
LIMIT 20
