-- The table `flowproof_subnets`, which `flowproof query` writes:
--
--   flowproof query LOGS --topology topology.json --sql 'SELECT * FROM subnets' --output subnets.parquet
--
-- Copy the file to the location below, and again whenever the network changes: it is as old as the topology it was made of.

CREATE EXTERNAL TABLE IF NOT EXISTS `flowproof_subnets` (
  `subnet_id` string,
  `vpc_id` string,
  `name` string,
  `cidr` string,
  `ipv6_cidr` string,
  `availability_zone` string,
  `availability_zone_id` string,
  `region` string,
  `route_table_id` string,
  `tags` string
)
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/flowproof/subnets/'
