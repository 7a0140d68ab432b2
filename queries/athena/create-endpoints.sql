-- The table `flowproof_endpoints`, which `flowproof query` writes:
--
--   flowproof query LOGS --topology topology.json --sql 'SELECT * FROM endpoints' --output endpoints.parquet
--
-- Copy the file to the location below, and again whenever the network changes: it is as old as the topology it was made of.

CREATE EXTERNAL TABLE IF NOT EXISTS `flowproof_endpoints` (
  `endpoint_id` string,
  `endpoint_type` string,
  `service_name` string,
  `service` string,
  `service_region` string,
  `vpc_id` string,
  `region` string,
  `state` string,
  `private_dns` boolean,
  `subnet_ids` string,
  `interface_ids` string,
  `route_table_ids` string,
  `security_groups` string,
  `availability_zone_ids` string,
  `policy` string,
  `name` string,
  `created_at` timestamp
)
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/flowproof/endpoints/'
