-- The table `vpc_flow_logs` over text logs with all 54 fields, for Athena.
--
-- Text has no names: the columns must stand in the order of the log's format. This is the one to create the flow log with:
--   ${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes}
--   ${start} ${end} ${action} ${log-status} ${vpc-id} ${subnet-id} ${instance-id} ${tcp-flags} ${type} ${pkt-srcaddr}
--   ${pkt-dstaddr} ${region} ${az-id} ${sublocation-type} ${sublocation-id} ${pkt-src-aws-service} ${pkt-dst-aws-service}
--   ${flow-direction} ${traffic-path} ${ecs-cluster-arn} ${ecs-cluster-name} ${ecs-container-instance-arn}
--   ${ecs-container-instance-id} ${ecs-container-id} ${ecs-second-container-id} ${ecs-service-name}
--   ${ecs-task-definition-arn} ${ecs-task-arn} ${ecs-task-id} ${reject-reason} ${resource-id} ${encryption-status}
--   ${instance-tag} ${instance-tag-2} ${interface-tag} ${interface-tag-2} ${asg-tag} ${asg-tag-2} ${interface-type}
--   ${next-hop-interface-id} ${next-hop-subnet-id} ${next-hop-az-id} ${next-hop-vpc-id} ${next-hop-interface-type}
-- For another format leave out or reorder columns here, or take Parquet (create-table-parquet.sql), which is read by name.
-- Put in your bucket, the accounts that created the flow logs and their Regions (lists with commas), and the first day. Days come
-- from the keys by partition projection, so there is nothing to repair or crawl; a key prefix, hourly or Hive keys need
-- another storage.location.template. `-` in a number's place is read as null. Athena reports no line that does not fit its columns:
-- fields that cannot be read are null. Several flow logs under one prefix must have the same format.

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
ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
LOCATION 's3://YOUR-BUCKET/AWSLogs/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
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
