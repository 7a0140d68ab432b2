-- The table `flowproof_interfaces`, which `flowproof query` writes:
--
--   flowproof query LOGS --topology topology.json --sql 'SELECT * FROM interfaces' --output interfaces.parquet
--
-- Copy the file to the location below, and again whenever the network changes: it is as old as the topology it was made of.

CREATE EXTERNAL TABLE IF NOT EXISTS `flowproof_interfaces` (
  `interface_id` string,
  `interface_type` string,
  `description` string,
  `name` string,
  `vpc_id` string,
  `subnet_id` string,
  `availability_zone` string,
  `availability_zone_id` string,
  `region` string,
  `account_id` string,
  `instance_id` string,
  `requester_managed` boolean,
  `status` string,
  `private_addresses` string,
  `public_addresses` string,
  `security_groups` string,
  `endpoint_id` string,
  `nat_gateway_id` string,
  `tags` string,
  `in_scope` boolean,
  `captured_at` timestamp
)
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/flowproof/interfaces/'
