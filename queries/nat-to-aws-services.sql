-- nat-to-aws-services: what went to AWS's services through a NAT gateway and should have taken an endpoint
--
-- For each workload and service: the endpoint that would have carried it, as far as the topology tells, and what to change.
-- `amazon` as a service is AWS's word for a range without a better name: find out by DNS which service it is. A gateway
-- endpoint carries its own Region only, so for traffic to another Region `remedy` says so; where `peer_region` is null the
-- published ranges do not have the address. Nothing is changed by this tool.
-- Accepted traffic, requests and replies together, each conversation at one vantage only: the workload's own
-- interface where that logged it, else the endpoint's, else a NAT gateway's inside leg, else where an
-- appliance or transit gateway took it in (`counted_at` says which). An amount is a lower bound where records are missing.
--
-- param service text '*'  s3, dynamodb, sts …; '*' is every one
-- values service '*', prefixes.service, endpoints.service, flows.service
-- column workload           text      address of the workload; null if masked
-- column workload_interface text      its interface
-- column vpc_id             text      its VPC, else the NAT gateway's
-- column subnet_id          text      its subnet
-- column route_table_id     text      the table that its subnet uses
-- column nat_gateway_id     text      the NAT gateway
-- column service            text      the AWS service
-- column peer_region        text      the Region of the addresses, by AWS's published ranges
-- column endpoint_id        text      an available endpoint of the service in the VPC, if there is one
-- column remedy             text      what to do
-- column destinations       int       how many addresses
-- column records            int       log lines
-- column bytes              int       both ways
-- column first_seen         timestamp
-- column last_seen          timestamp

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
  SELECT n.*, l.region AS peer_region, coalesce(i.vpc_id, g.vpc_id) AS vpc_id, i.subnet_id, s.route_table_id, coalesce(i.region, g.region) AS region
  FROM natted AS n
  LEFT JOIN located AS l ON l.peer = n.peer AND l.service = n.service
  LEFT JOIN interfaces AS i ON i.interface_id = n.workload_interface
  LEFT JOIN subnets AS s ON s.subnet_id = i.subnet_id
  LEFT JOIN nat_gateways AS g ON g.nat_gateway_id = n.via
), amounts AS (
  SELECT workload, workload_interface, vpc_id, subnet_id, route_table_id, region, via AS nat_gateway_id, service, peer_region,
         count(DISTINCT peer) AS destinations, sum(records) AS records, sum(bytes) AS bytes,
         min(first_seen) AS first_seen, max(last_seen) AS last_seen
  FROM placed
  GROUP BY workload, workload_interface, vpc_id, subnet_id, route_table_id, region, via, service, peer_region
), usable AS (
  -- The gateway endpoint before interface endpoints; of several the first by id.
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY vpc_id, service ORDER BY endpoint_type, endpoint_id) AS place
    FROM endpoints
    WHERE endpoint_type IN ('Gateway', 'Interface') AND lower(state) = 'available' AND coalesce(service_region, region) = region
  ) AS ordered
  WHERE place = 1
)
SELECT a.workload, a.workload_interface, a.vpc_id, a.subnet_id, a.route_table_id, a.nat_gateway_id, a.service, a.peer_region,
       u.endpoint_id,
       CASE WHEN a.peer_region <> a.region THEN 'another Region: no gateway endpoint carries it'
            WHEN u.endpoint_type = 'Gateway' AND position(',' || a.route_table_id || ',' IN ',' || u.route_table_ids || ',') > 0
              THEN 'the table has the endpoint: see path-disagreements, or a topology of that time'
            WHEN u.endpoint_type = 'Gateway' AND a.route_table_id IS NOT NULL
              THEN 'associate ' || u.endpoint_id || ' with ' || a.route_table_id
            WHEN u.endpoint_type = 'Gateway' THEN 'associate ' || u.endpoint_id || ' with the table of its subnet'
            WHEN u.endpoint_type = 'Interface' AND u.private_dns
              THEN 'use ' || u.endpoint_id || ': its private DNS is on, so look for another resolver or pinned addresses'
            WHEN u.endpoint_type = 'Interface' THEN 'turn private DNS on for ' || u.endpoint_id || ', or use its own names'
            WHEN a.service IN ('s3', 'dynamodb') THEN 'create a gateway endpoint, which costs nothing'
            WHEN a.service = 'amazon' THEN 'find out which service it is, then create an interface endpoint'
            ELSE 'create an interface endpoint if AWS offers one' END AS remedy,
       a.destinations, a.records, a.bytes, a.first_seen, a.last_seen
FROM amounts AS a LEFT JOIN usable AS u ON u.vpc_id = a.vpc_id AND u.service = a.service
ORDER BY a.bytes DESC NULLS LAST, a.workload, a.workload_interface, a.vpc_id, a.nat_gateway_id, a.service, a.peer_region
