#include "model/spec_tables.h"
#include "model/text_rules.h"

// Tables 30 to 35: the order and the node. What a cloud bills or routes is checked, stored and shown.

namespace drs {

using enum Use;

template <>
const Table<PeriodOrder>& tableOf<PeriodOrder>() {
  static const Table<PeriodOrder> table{
      "PeriodOrder",
      30,
      {
          field<&PeriodOrder::periodType>("period_type", oneOfNumbers({2, 3}).required(), stored,
                                          "2 = month, 3 = year"),
          field<&PeriodOrder::periodNum>("period_num", integer(1, 9).required(), stored),
          field<&PeriodOrder::isAutoRenew>("is_auto_renew", oneOfNumbers({0, 1}).defaultsTo("0"), stored),
      }};
  return table;
}

template <>
const Table<NodeInfo>& tableOf<NodeInfo>() {
  static const Table<NodeInfo> table{
      "NodeInfo",
      31,
      {
          field<&NodeInfo::spec>("spec", object().required(), stored),
          field<&NodeInfo::vpc>("vpc", object(), enacted, "mandatory for job_direction non-dbs"),
          field<&NodeInfo::baseInfo>("base_info", object(), placement, "mandatory for job_direction non-dbs"),
      }};
  return table;
}

template <>
const Table<NodeSpec>& tableOf<NodeSpec>() {
  static const Table<NodeSpec> table{
      "NodeSpec",
      32,
      {field<&NodeSpec::nodeType>("node_type", oneOf({"micro", "small", "medium", "high"}).required(), stored,
                                  "the limits of a node are settings")}};
  return table;
}

template <>
const Table<VpcPlace>& tableOf<VpcPlace>() {
  static const Table<VpcPlace> table{
      "NodeVpc",
      33,
      {
          field<&VpcPlace::vpcId>("vpc_id", text(1).required(), stored),
          field<&VpcPlace::subnetId>("subnet_id", text(1).required(), stored),
          field<&VpcPlace::customNodeIp>("custom_node_ip", text(0, kLongText).shaped(kIpv4List), enacted,
                                         "IPv4 addresses, comma-separated; the first is the local address from which "
                                         "both databases are reached"),
          field<&VpcPlace::securityGroupId>("security_group_id", text(), stored),
      }};
  return table;
}

template <>
const Table<NodeBaseInfo>& tableOf<NodeBaseInfo>() {
  static const Table<NodeBaseInfo> table{
      "NodeBaseInfo",
      34,
      {
          field<&NodeBaseInfo::instanceType>("instance_type", oneOf({"single", "ha"}).required(), placement,
                                             "one node runs every task in this version"),
          field<&NodeBaseInfo::arch>("arch", oneOf({"x86", "arm"}).required(), placement),
          field<&NodeBaseInfo::availabilityZone>("availability_zone", text(1).required(), placement,
                                                 "single: one; ha: two, comma-separated"),
          field<&NodeBaseInfo::status>("status", text(), stored, "informative"),
          field<&NodeBaseInfo::role>("role", text(), stored, "informative"),
      }};
  return table;
}

template <>
const Table<PublicIp>& tableOf<PublicIp>() {
  static const Table<PublicIp> table{
      "PublicIp",
      35,
      {
          field<&PublicIp::id>("id", text(1).required(), stored),
          field<&PublicIp::publicIp>("public_ip", text(1).required(), stored),
          field<&PublicIp::type>("type", oneOf({"master", "slave"}).required(), stored, "slave for ha only"),
      }};
  return table;
}

}  // namespace drs
