-- rejected-attempts, for Athena: what security groups and network ACLs refused
--
-- Every REJECT at every interface, so an attempt that two interfaces refused is there twice. It cannot know who opened the
-- connection where no SYN is recorded, nor whether a security group or a network ACL refused.
-- Put in your days: they prune what is read.

SELECT interface_id, flow_direction,
       coalesce(nullif(pkt_srcaddr, '-'), srcaddr) AS source, coalesce(nullif(pkt_dstaddr, '-'), dstaddr) AS destination,
       dstport AS port, protocol, nullif(reject_reason, '-') AS reject_reason, count(*) AS records, sum(packets) AS packets,
       from_unixtime(min("start")) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM vpc_flow_logs
WHERE action = 'REJECT' AND day BETWEEN '2026/08/01' AND '2026/08/31'
GROUP BY interface_id, flow_direction, coalesce(nullif(pkt_srcaddr, '-'), srcaddr), coalesce(nullif(pkt_dstaddr, '-'), dstaddr),
         dstport, protocol, nullif(reject_reason, '-')
ORDER BY records DESC, interface_id, source, destination, port, protocol
