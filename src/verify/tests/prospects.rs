//! Which claims the routes alone let be broken: every prospect, and that allowing the way that is named takes it away.

use super::*;
use crate::classify::permits::{Prober, sites, snapshot_of};
use crate::model::path::Path;
use crate::model::survey::{ClaimSurvey, Prospect, SubnetShown};
use crate::verify::prospects::{Prospects, claims};

/// What the claims of a case come to; one table, one subnet, one workload unless the case says otherwise.
fn surveyed(case: &Case) -> Vec<ClaimSurvey> {
    let (world, policy) = (case.world(), case.policy());
    let plan = Plan::new(&world, &policy, Window::ALL);
    let vpc = world.symbols.find("vpc-1").unwrap();
    let snapshot = snapshot_of(&world, vpc).unwrap();
    let blocks: Vec<_> = policy
        .claims
        .iter()
        .flat_map(|claim| &claim.to)
        .filter_map(|to| match to {
            policy::To::Cidr(block) => Some(*block),
            _ => None,
        })
        .collect();
    let prober = Prober::new(&world, snapshot, vpc, (&blocks, &[]));
    let tables = sites(&world, snapshot, vpc).into_iter().map(|site| {
        let mut seen = Prospects::new(&plan, snapshot.captured_s);
        prober.permits(&site, |to, tag| seen.see(to, tag));
        let subnets: Vec<SubnetShown> = site
            .subnets
            .iter()
            .map(|subnet| SubnetShown {
                id: world.symbols.name(*subnet).to_owned(),
                name: None,
                workloads: 2,
            })
            .collect();
        seen.found(world.symbols.name(site.table), &subnets)
    });
    claims(&plan, tables.collect())
}

fn prospect(policy: &str, routes: &[Json]) -> Option<Prospect> {
    let mut case = Case::new();
    case.policy = format!("version = 1\n{policy}");
    let local = json!({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"});
    let routes: Vec<Json> = std::iter::once(local)
        .chain(routes.iter().cloned())
        .collect();
    case.topology["RouteTables"][0]["Routes"] = json!(routes);
    let found = surveyed(&case);
    found[0].tables.first().map(|table| table.prospect)
}

#[test]
fn every_prospect_is_told_apart() {
    let claim =
        |to: &str, allow: &str| format!("[[claim]]\nid = 'c'\nto = [{to}]\nallow = [{allow}]\n");
    let s3 = || claim("'service:s3'", "'via-gateway-endpoint', 'via-endpoint-eni'");
    let endpoint = || json!({"DestinationPrefixListId": "pl-63a5400a", "GatewayId": "vpce-s3"});
    let to = |block: &str, key: &str, id: &str| json!({"DestinationCidrBlock": block, key: id});
    let out = || to("0.0.0.0/0", "NatGatewayId", "nat-1");
    let hole = || json!({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "blackhole"});
    let excepted = |to: &str, more: &str| {
        format!(
            "{}[[exception]]\nclaim = 'c'\nto = [{to}]\nreason = 'r'\n{more}",
            s3()
        )
    };
    use Prospect::{AllowedWaysOnly, CanBeBroken, MayBeBroken, NoRoute, NotKnown};
    #[rustfmt::skip]
    let cases: Vec<(&str, String, Vec<Json>, Option<Prospect>)> = vec![
        ("nothing leads out",                       s3(), vec![], Some(NoRoute)),
        ("what leads out is gone",                  s3(), vec![hole()], Some(NoRoute)),
        ("the endpoint's list, and no more",        s3(), vec![endpoint()], Some(AllowedWaysOnly)),
        ("S3 beyond the list goes by the NAT",      s3(), vec![endpoint(), out()], Some(CanBeBroken)),
        ("no endpoint's route",                     s3(), vec![out()], Some(CanBeBroken)),
        ("a route to a part of S3 is enough",       s3(), vec![endpoint(), to("52.218.0.128/25", "GatewayId", "igw-1")], Some(CanBeBroken)),
        ("a route to a stranger is not S3's",       s3(), vec![endpoint(), to("8.8.8.0/24", "GatewayId", "igw-1")], Some(AllowedWaysOnly)),
        ("IPv6 has its own routes",                 claim("'internet'", ""), vec![json!({"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"})], Some(CanBeBroken)),
        ("a list without CIDRs",                    s3(), vec![json!({"DestinationPrefixListId": "pl-else", "NatGatewayId": "nat-1"})], Some(NotKnown)),
        ("a target that is new",                    s3(), vec![json!({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "newgw-1"})], Some(NotKnown)),
        ("a service without a list of its own",     claim("'service:sqs'", "'via-endpoint-eni'"), vec![out()], Some(MayBeBroken)),
        ("an exit that is not known",               "[[claim]]\nid = 'c'\nto = ['internet']\nallow = ['via-transit-gateway']\nexits = ['vpn']\n".into(), vec![to("0.0.0.0/0", "TransitGatewayId", "tgw-1")], Some(MayBeBroken)),
        ("one NAT gateway is allowed",              "[[claim]]\nid = 'c'\nto = ['internet']\nallow = ['via-nat']\nthrough = ['nat-1']\n".into(), vec![out()], Some(AllowedWaysOnly)),
        ("another is not",                          "[[claim]]\nid = 'c'\nto = ['internet']\nallow = ['via-nat']\nthrough = ['vpce-s3']\n".into(), vec![out()], Some(CanBeBroken)),
        ("within the VPC",                          claim("'private'", ""), vec![], Some(CanBeBroken)),
        ("to on-premises",                          claim("'192.168.7.0/24'", ""), vec![to("192.168.0.0/16", "GatewayId", "vgw-1")], Some(CanBeBroken)),
        ("beside what is routed",                   claim("'192.169.7.0/24'", ""), vec![to("192.168.0.0/16", "GatewayId", "vgw-1")], Some(NoRoute)),
        ("excepted",                                excepted("'service:s3'", ""), vec![out()], Some(NoRoute)),
        ("excepted in part",                        excepted("'52.216.0.0/15'", ""), vec![out()], Some(CanBeBroken)),
        ("excepted for some only",                  excepted("'service:s3'", "from = ['10.0.1.5/32']\n"), vec![out()], Some(CanBeBroken)),
        ("excepted no more",                        excepted("'service:s3'", "expires = 2026-07-01\n"), vec![out()], Some(CanBeBroken)),
        ("a claim of nobody here",                  format!("{}from = ['10.0.9.0/24']\n", s3()), vec![out()], None),
        ("out of scope",                            format!("[scope]\ntags = {{ env = 'dev' }}\n{}", s3()), vec![out()], None),
    ];
    for (title, policy, routes, expected) in cases {
        assert_eq!(prospect(&policy, &routes), expected, "{title}");
    }
}

#[test]
fn the_way_that_would_break_it_is_named_with_an_address() {
    let found = surveyed(&Case::new());
    let table = &found[0].tables[0];
    assert_eq!(
        (table.table.as_str(), table.prospect),
        ("rtb-a", Prospect::CanBeBroken)
    );
    let way = &table.ways[0];
    assert_eq!(
        (way.path, way.via.as_str(), way.to.as_slice()),
        (
            Path::InternetBound,
            "igw-1",
            ["s3 elsewhere".to_owned()].as_slice()
        )
    );
    // The list has 52.216.0.0/15 only, and what lies behind it is S3's too.
    assert_eq!(way.example, "52.218.0.0");
    assert_eq!(table.ways[1].prospect, Prospect::AllowedWaysOnly);
    assert_eq!(table.subnets[0].workloads, 2);
}

#[test]
fn allowing_the_ways_that_would_break_a_claim_leaves_none() {
    let mut case = Case::new();
    case.policy = "version = 1\n[[claim]]\nid = 's3'\nto = ['service:s3']\nallow = ['via-gateway-endpoint', 'internet-bound']\n".into();
    assert_eq!(
        surveyed(&case)[0].tables[0].prospect,
        Prospect::AllowedWaysOnly
    );
}
