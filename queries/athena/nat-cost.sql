-- nat-cost, for Athena: what NAT processing of traffic to AWS's services costs, and what an endpoint would
--
-- Needs create-view.sql, whose header says what a path is worth here. Bytes are those sent, accepted, at the workloads'
-- interfaces. NAT gateways charge both ways, so the true cost is higher by what was received. It cannot know: traffic to other
-- Regions, which no gateway endpoint carries and which is in it. A GB is 10^9 bytes; endpoint hours are not in it: add hours x
-- zones x their price.
-- Put in your days: they prune what is read.

WITH amounts AS (
  SELECT vpc_id, region, service, workload, interface_id, CAST(sum(bytes) AS double) / 1e9 AS gb
  FROM flowproof_egress
  WHERE path = 'via-nat' AND realm = 'aws' AND action = 'ACCEPT' AND day BETWEEN '2026/08/01' AND '2026/08/31'
  GROUP BY vpc_id, region, service, workload, interface_id
), priced AS (
  SELECT region, max(CASE item WHEN 'nat-gateway-gb' THEN usd END) AS nat_gb, max(CASE item WHEN 'interface-endpoint-gb' THEN usd END) AS endpoint_gb
  FROM flowproof_prices
  GROUP BY region
)
SELECT a.vpc_id, a.region, a.service, a.workload, a.interface_id, a.gb, a.gb * p.nat_gb AS nat_usd,
       CASE WHEN a.service IN ('s3', 'dynamodb') THEN 'gateway' ELSE 'interface' END AS endpoint,
       CASE WHEN a.service IN ('s3', 'dynamodb') THEN 0.0 ELSE a.gb * p.endpoint_gb END AS endpoint_gb_usd
FROM amounts AS a LEFT JOIN priced AS p ON p.region = a.region
ORDER BY a.gb DESC, a.vpc_id, a.service, a.workload
