-- The table `flowproof_prefixes`, which `flowproof query` writes:
--
--   flowproof query LOGS --topology topology.json --sql 'SELECT * FROM prefixes' --output prefixes.parquet
--
-- Copy the file to the location below, and again whenever the network changes: it is as old as the topology it was made of.

CREATE EXTERNAL TABLE IF NOT EXISTS `flowproof_prefixes` (
  `cidr` string,
  `service` string,
  `region` string,
  `source` string,
  `prefix_list_id` string,
  `prefix_list_name` string,
  `network_border_group` string
)
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/flowproof/prefixes/'
