-- nat-cost: what NAT processing of traffic to AWS's services costs, and what an endpoint would
--
-- Per VPC, service and workload, over the window of the records: for traffic to AWS's services in the VPC's own Region, which an
-- endpoint could have carried. What it counts: bytes of accepted traffic both ways, each conversation at one vantage; a GB is
-- 10^9 bytes. S3 and DynamoDB have gateway endpoints, which cost nothing. For the rest an interface endpoint is priced: its GB, and
-- its hours in each zone where such workloads are, shared among the workloads of the service by bytes. If an endpoint of the
-- service is in the VPC already its hours are paid anyhow and count as 0. What it leaves out: volume discounts, taxes, data
-- transfer, the NAT gateway's own hours (which stay if anything else needs it), traffic to other Regions and to addresses that no
-- published range has. The service `amazon` may be several services, each with an endpoint of its own. A price that the table
-- lacks for the Region makes the cost null, not 0: give --prices. AWS bills begun hours whole; here hours are the window's.
--
-- param service text '*'  s3, dynamodb, sts …; '*' is every one
-- values service '*', prefixes.service, endpoints.service, flows.service
-- column vpc_id             text  the workload's VPC
-- column region             text  its Region
-- column service            text  the AWS service
-- column workload           text  address of the workload; null if masked
-- column workload_interface text  its interface
-- column gb                 float 10^9 bytes through NAT gateways, both ways
-- column nat_usd            float NAT processing of them
-- column endpoint           text  gateway, interface, or which one there is already
-- column endpoint_usd       float GB and hours of that endpoint
-- column saved_usd          float nat_usd less endpoint_usd; below 0 if the endpoint costs more
-- column window_hours       float from the first to the last record
-- column zones              int   in how many zones the service's workloads are
-- column prices_as_of       text  the date of the prices

WITH legs AS (
  SELECT workload_interface, workload, peer, peer_port, protocol, path, via, exit, realm, service, vantage,
         CASE vantage WHEN 'workload' THEN 1 WHEN 'unknown' THEN 2 WHEN 'endpoint' THEN 3 WHEN 'nat' THEN 4 ELSE 5 END AS distance,
         count(*) AS records, sum(bytes) AS bytes, sum(packets) AS packets, min(started_at) AS first_seen, max(ended_at) AS last_seen
  FROM flows
  WHERE path IS NOT NULL AND (action = 'ACCEPT' OR action IS NULL)
    -- What a transit gateway or an appliance forwards it logs twice: count it where it comes in.
    AND (vantage <> 'gateway' OR flow_direction IS NULL OR flow_direction <> 'egress')
  GROUP BY workload_interface, workload, peer, peer_port, protocol, path, via, exit, realm, service, vantage
), counted AS (
  SELECT * FROM (
    SELECT *,
           coalesce(min(CASE WHEN path <> 'undetermined' THEN distance END) OVER host, min(distance) OVER host) AS nearest_of_host,
           coalesce(min(CASE WHEN path <> 'undetermined' THEN distance END) OVER address, min(distance) OVER address) AS nearest_of_address,
           count(workload) OVER far_end AS named
    FROM legs
    WINDOW host AS (PARTITION BY workload_interface, workload, peer, peer_port, protocol),
           address AS (PARTITION BY workload, peer, peer_port, protocol),
           far_end AS (PARTITION BY peer, peer_port, protocol)
  ) AS judged
  WHERE CASE WHEN workload IS NULL THEN named = 0
             WHEN workload_interface IS NULL THEN distance = nearest_of_address
             ELSE distance = nearest_of_host END
), natted AS (
  SELECT * FROM counted
  WHERE path = 'via-nat' AND realm = 'aws' AND service IS NOT NULL AND ($service = '*' OR service = $service)
), peers AS (
  SELECT DISTINCT peer, service FROM natted WHERE peer IS NOT NULL AND service IS NOT NULL
), located AS (
  -- The longest published range of that service; an address that AWS added since has none.
  SELECT peer, service, region FROM (
    SELECT p.peer, p.service, x.region,
           row_number() OVER (PARTITION BY p.peer, p.service ORDER BY CAST(split_part(x.cidr, '/', 2) AS INT) DESC, x.region) AS place
    FROM peers AS p JOIN prefixes AS x ON x.service = p.service AND x.source = 'ip-ranges' AND cidr_contains(x.cidr, p.peer)
  ) AS ranges
  WHERE place = 1
), placed AS (
  SELECT n.workload, n.workload_interface, n.service, n.bytes, coalesce(i.vpc_id, g.vpc_id) AS vpc_id, coalesce(i.region, g.region) AS region,
         coalesce(i.availability_zone_id, g.availability_zone_id) AS zone
  FROM natted AS n
  JOIN located AS l ON l.peer = n.peer AND l.service = n.service
  LEFT JOIN interfaces AS i ON i.interface_id = n.workload_interface
  LEFT JOIN nat_gateways AS g ON g.nat_gateway_id = n.via
  WHERE l.region = coalesce(i.region, g.region)
), amounts AS (
  SELECT vpc_id, region, service, workload, workload_interface, CAST(coalesce(sum(bytes), 0) AS DOUBLE) / 1e9 AS gb
  FROM placed
  GROUP BY vpc_id, region, service, workload, workload_interface
), wholes AS (
  SELECT vpc_id, region, service, CAST(coalesce(sum(bytes), 0) AS DOUBLE) / 1e9 AS gb, count(DISTINCT zone) AS zones
  FROM placed
  GROUP BY vpc_id, region, service
), present AS (
  SELECT vpc_id, service, min(endpoint_type) AS endpoint_type
  FROM endpoints
  WHERE endpoint_type IN ('Gateway', 'Interface') AND lower(state) = 'available'
  GROUP BY vpc_id, service
), span AS (
  SELECT CAST(max("end") - min("start") AS DOUBLE) / 3600 AS hours FROM flows
), priced AS (
  SELECT region,
         max(CASE item WHEN 'nat-gateway-gb' THEN usd END) AS nat_gb,
         max(CASE item WHEN 'interface-endpoint-gb' THEN usd END) AS endpoint_gb,
         max(CASE item WHEN 'interface-endpoint-hour' THEN usd END) AS endpoint_hour,
         max(as_of) AS as_of
  FROM prices
  GROUP BY region
), costs AS (
  SELECT a.vpc_id, a.region, a.service, a.workload, a.workload_interface, a.gb, a.gb * p.nat_gb AS nat_usd,
         CASE WHEN e.endpoint_type = 'Gateway' THEN 'gateway, there is one'
              WHEN a.service IN ('s3', 'dynamodb') THEN 'gateway'
              WHEN e.endpoint_type = 'Interface' THEN 'interface, there is one'
              ELSE 'interface' END AS endpoint,
         CASE WHEN a.service IN ('s3', 'dynamodb') OR e.endpoint_type = 'Gateway' THEN 0.0
              ELSE a.gb * p.endpoint_gb
                   + CASE WHEN e.endpoint_type = 'Interface' THEN 0.0
                          ELSE h.hours * w.zones * p.endpoint_hour * CASE WHEN w.gb > 0 THEN a.gb / w.gb ELSE 0.0 END END END AS endpoint_usd,
         h.hours, w.zones, p.as_of
  FROM amounts AS a
  JOIN wholes AS w ON coalesce(w.vpc_id, '') = coalesce(a.vpc_id, '') AND w.region = a.region AND w.service = a.service
  CROSS JOIN span AS h
  LEFT JOIN present AS e ON e.vpc_id = a.vpc_id AND e.service = a.service
  LEFT JOIN priced AS p ON p.region = a.region
)
SELECT vpc_id, region, service, workload, workload_interface, round(gb, 9) AS gb, round(nat_usd, 9) AS nat_usd, endpoint,
       round(endpoint_usd, 9) AS endpoint_usd, round(nat_usd - endpoint_usd, 9) AS saved_usd, round(hours, 4) AS window_hours,
       zones, as_of AS prices_as_of
FROM costs
ORDER BY gb DESC, vpc_id, service, workload, workload_interface
