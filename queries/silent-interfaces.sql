-- silent-interfaces: which interfaces have times of which no record speaks
--
-- A gap is a time longer than the policy's `max_silence` without a record of a flow log that covers the interface (`silent`), or
-- one in which AWS says that it skipped records (`skipdata`): what happened in it is not known, and no claim is proven over it.
-- The window is that of --since and --until, else of the records. Judged with --policy; give it, for the scope is its.
--
-- param min_seconds int 0  leave out shorter gaps
-- values min_seconds 0..
-- column interface_id   text      `eni-…`
-- column name           text      its tag `Name`
-- column interface_type text      AWS's word for what it is for
-- column instance_id    text      the instance that it is plugged in
-- column vpc_id         text
-- column subnet_id      text
-- column since          timestamp first second of the gap
-- column until          timestamp first second after it
-- column seconds        int       how long it is
-- column cause          text      silent or skipdata
-- column records        int       records of the interface in the whole window, NODATA and SKIPDATA included

WITH said AS (
  SELECT interface_id, count(*) AS records FROM flows GROUP BY interface_id
)
SELECT g.interface_id, i.name, i.interface_type, i.instance_id, g.vpc_id, g.subnet_id, g.since, g.until, g.seconds, g.cause,
       coalesce(s.records, 0) AS records
FROM gaps AS g
LEFT JOIN interfaces AS i ON i.interface_id = g.interface_id
LEFT JOIN said AS s ON s.interface_id = g.interface_id
WHERE g.seconds >= $min_seconds
ORDER BY g.seconds DESC, g.interface_id, g.since, g.cause
