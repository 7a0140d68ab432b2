-- The table `flowproof_prices`, which `flowproof query` writes:
--
--   flowproof query LOGS --topology topology.json --sql 'SELECT * FROM prices' --output prices.parquet
--
-- Copy the file to the location below, and again whenever the network changes: it is as old as the topology it was made of.

CREATE EXTERNAL TABLE IF NOT EXISTS `flowproof_prices` (
  `item` string,
  `region` string,
  `unit` string,
  `usd` double,
  `as_of` string,
  `source` string
)
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/flowproof/prices/'
