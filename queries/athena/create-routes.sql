-- The table `flowproof_routes`, which `flowproof query` writes:
--
--   flowproof query LOGS --topology topology.json --sql 'SELECT * FROM routes' --output routes.parquet
--
-- Copy the file to the location below, and again whenever the network changes: it is as old as the topology it was made of.

CREATE EXTERNAL TABLE IF NOT EXISTS `flowproof_routes` (
  `route_table_id` string,
  `vpc_id` string,
  `region` string,
  `destination` string,
  `prefix_list_id` string,
  `target` string,
  `target_kind` string,
  `origin` string,
  `state` string,
  `subnets` string
)
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/flowproof/routes/'
