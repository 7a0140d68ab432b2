-- The table `flowproof_nat_gateways`, which `flowproof query` writes:
--
--   flowproof query LOGS --topology topology.json --sql 'SELECT * FROM nat_gateways' --output nat_gateways.parquet
--
-- Copy the file to the location below, and again whenever the network changes: it is as old as the topology it was made of.

CREATE EXTERNAL TABLE IF NOT EXISTS `flowproof_nat_gateways` (
  `nat_gateway_id` string,
  `vpc_id` string,
  `subnet_id` string,
  `availability_zone_id` string,
  `region` string,
  `state` string,
  `connectivity_type` string,
  `availability_mode` string,
  `private_addresses` string,
  `public_addresses` string,
  `interface_ids` string,
  `name` string
)
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/flowproof/nat_gateways/'
