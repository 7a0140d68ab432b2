-- silent-interfaces, for Athena: which interfaces have times of which no record speaks
--
-- Times longer than 1200 s (twice an aggregation interval of 600 s) between two records of an interface, and SKIPDATA. It cannot
-- know: silence before the first and after the last record, interfaces without any record, which flow logs should have covered
-- them.
-- Put in your days: they prune what is read.

WITH told AS (
  SELECT interface_id, log_status, "start" AS start_s, "end" AS end_s,
         max("end") OVER (PARTITION BY interface_id ORDER BY "start", "end" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS told_until_s
  FROM vpc_flow_logs
  WHERE day BETWEEN '2026/08/01' AND '2026/08/31'
)
SELECT interface_id, from_unixtime(told_until_s) AS since, from_unixtime(start_s) AS until, start_s - told_until_s AS seconds, 'silent' AS cause
FROM told
WHERE start_s - told_until_s > 1200
UNION ALL
SELECT interface_id, from_unixtime(start_s), from_unixtime(end_s), end_s - start_s, 'skipdata'
FROM told
WHERE log_status = 'SKIPDATA'
ORDER BY seconds DESC, interface_id, since
