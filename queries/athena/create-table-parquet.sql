-- The table `vpc_flow_logs` over Parquet logs, for Athena: columns go by name, so those that your format lacks are null.
--
-- Put in your bucket, the accounts that created the flow logs and their Regions (lists with commas), and the first day. Text
-- columns may hold `-` where a value is missing; the view takes it for null. `protocol` is an INT32 in AWS's files, although
-- some of AWS's pages declare it as bigint.

CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs` (
  `version` int,
  `account_id` string,
  `interface_id` string,
  `srcaddr` string,
  `dstaddr` string,
  `srcport` int,
  `dstport` int,
  `protocol` int,
  `packets` bigint,
  `bytes` bigint,
  `start` bigint,
  `end` bigint,
  `action` string,
  `log_status` string,
  `vpc_id` string,
  `subnet_id` string,
  `instance_id` string,
  `tcp_flags` int,
  `type` string,
  `pkt_srcaddr` string,
  `pkt_dstaddr` string,
  `region` string,
  `az_id` string,
  `sublocation_type` string,
  `sublocation_id` string,
  `pkt_src_aws_service` string,
  `pkt_dst_aws_service` string,
  `flow_direction` string,
  `traffic_path` int,
  `ecs_cluster_arn` string,
  `ecs_cluster_name` string,
  `ecs_container_instance_arn` string,
  `ecs_container_instance_id` string,
  `ecs_container_id` string,
  `ecs_second_container_id` string,
  `ecs_service_name` string,
  `ecs_task_definition_arn` string,
  `ecs_task_arn` string,
  `ecs_task_id` string,
  `reject_reason` string,
  `resource_id` string,
  `encryption_status` int,
  `instance_tag` string,
  `instance_tag_2` string,
  `interface_tag` string,
  `interface_tag_2` string,
  `asg_tag` string,
  `asg_tag_2` string,
  `interface_type` string,
  `next_hop_interface_id` string,
  `next_hop_subnet_id` string,
  `next_hop_az_id` string,
  `next_hop_vpc_id` string,
  `next_hop_interface_type` string
)
PARTITIONED BY (
  `log_account` string,
  `log_region` string,
  `day` string
)
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/AWSLogs/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.log_account.type' = 'enum',
  'projection.log_account.values' = '111122223333',
  'projection.log_region.type' = 'enum',
  'projection.log_region.values' = 'us-east-1',
  'projection.day.type' = 'date',
  'projection.day.format' = 'yyyy/MM/dd',
  'projection.day.range' = '2026/01/01,NOW',
  'projection.day.interval' = '1',
  'projection.day.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://YOUR-BUCKET/AWSLogs/${log_account}/vpcflowlogs/${log_region}/${day}'
)
