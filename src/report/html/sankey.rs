//! Who went which way to what, as a picture: subnet, path, service; the width of a band is its bytes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::evidence::Way;
use crate::model::path::Path;
use crate::report::units::{bytes, count, len};

use super::palette;
use super::svg::{Anchor, Area, Svg, short};
use super::visible::middle_cut;

const WIDTH: f64 = 960.0;
/// Left edges of the three columns of nodes.
const COLUMNS: [f64; 3] = [214.0, 470.0, 726.0];
const NODE: f64 = 12.0;
/// Height of all bytes together.
const BYTES: f64 = 260.0;
/// Two lines of words need this, however thin the node.
const LABEL: f64 = 32.0;
const APART: f64 = 10.0;
/// Nodes on each side that are drawn by name; the smaller ones are drawn as one.
const NAMED_MAX: usize = 10;
const NAME_CHARS: usize = 26;

/// A node: its name, its bytes, and where it stands.
#[derive(Clone, Debug, PartialEq)]
struct Node {
    name: String,
    bytes: u64,
    y: f64,
    height: f64,
}

/// The bytes from one node to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Band {
    from: usize,
    to: usize,
    path: Path,
    bytes: u64,
}

/// The picture; `None` if there is not a byte to draw.
pub(super) fn draw(ways: &[Way]) -> Option<String> {
    let total = ways
        .iter()
        .fold(0u64, |sum, way| sum.saturating_add(way.share.bytes));
    if total == 0 {
        return None;
    }
    let scale = BYTES / total as f64;
    let subnet = |way: &Way| name(way.subnet.as_deref(), "subnet not told");
    let service = |way: &Way| name(way.service.as_deref(), "no named service");
    let (left, left_of) = side(ways, subnet, "subnets");
    let (right, right_of) = side(ways, service, "services");
    let mut paths: Vec<(Path, u64)> = sums(ways.iter().map(|way| (way.path, way.share.bytes)));
    paths.sort_by_key(|(path, size)| (Reverse(*size), *path));
    let at = |path: Path| paths.iter().position(|(p, _)| *p == path).unwrap_or(0);
    let middle = paths.iter().map(|(path, size)| (path.to_string(), *size));

    let mut columns = [left, middle.collect(), right].map(|nodes| stacked(nodes, scale));
    let height = columns.iter().map(|nodes| depth(nodes)).fold(0.0, f64::max);
    for nodes in &mut columns {
        let down = (height - depth(nodes)) / 2.0;
        nodes.iter_mut().for_each(|node| node.y += down);
    }
    let ins = bands(
        ways.iter()
            .zip(&left_of)
            .map(|(way, from)| (*from, at(way.path), way)),
    );
    let outs = bands(
        ways.iter()
            .zip(&right_of)
            .map(|(way, to)| (at(way.path), *to, way)),
    );

    let label = "Bytes from subnet by path to service; the table below has the numbers";
    let mut svg = Svg::new(WIDTH, height + 24.0, "sankey", label);
    for (x, anchor, words) in [
        (COLUMNS[0] + NODE, Anchor::End, "workload’s subnet"),
        (COLUMNS[1], Anchor::Start, "path"),
        (COLUMNS[2], Anchor::Start, "service"),
    ] {
        svg.text((x, 10.0), anchor, "axis", words);
    }
    put_bands(&mut svg, &ins, &columns[0], &columns[1], COLUMNS[0], scale);
    put_bands(&mut svg, &outs, &columns[1], &columns[2], COLUMNS[1], scale);
    for (nodes, (x, place)) in columns.iter().zip([
        (COLUMNS[0], Anchor::End),
        (COLUMNS[1], Anchor::Start),
        (COLUMNS[2], Anchor::Start),
    ]) {
        nodes
            .iter()
            .for_each(|node| put_node(&mut svg, node, x, place));
    }
    Some(svg.finish())
}

fn name(known: Option<&str>, unknown: &str) -> String {
    known.map_or_else(
        || format!("({unknown})"),
        |name| middle_cut(name, NAME_CHARS),
    )
}

fn sums<K: Ord>(parts: impl Iterator<Item = (K, u64)>) -> Vec<(K, u64)> {
    let mut sums = BTreeMap::new();
    for (key, size) in parts {
        let sum: &mut u64 = sums.entry(key).or_default();
        *sum = sum.saturating_add(size);
    }
    sums.into_iter().collect()
}

/// The nodes of one side, the largest first, the small ones as one; and which of them each way belongs to.
fn side(
    ways: &[Way],
    named: impl Fn(&Way) -> String,
    plural: &str,
) -> (Vec<(String, u64)>, Vec<usize>) {
    let mut nodes = sums(ways.iter().map(|way| (named(way), way.share.bytes)));
    nodes.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    let place: BTreeMap<String, usize> = nodes
        .iter()
        .enumerate()
        .map(|(at, (name, _))| (name.clone(), at.min(NAMED_MAX)))
        .collect();
    let of = ways
        .iter()
        .map(|way| place.get(&named(way)).copied().unwrap_or(0));
    let of = of.collect();
    if nodes.len() > NAMED_MAX + 1 {
        let rest = nodes.split_off(NAMED_MAX);
        let size = rest
            .iter()
            .fold(0u64, |sum, (_, part)| sum.saturating_add(*part));
        nodes.push((format!("{} other {plural}", count(len(rest.len()))), size));
    }
    (nodes, of)
}

/// Nodes from the top, each with room for its words.
fn stacked(nodes: Vec<(String, u64)>, scale: f64) -> Vec<Node> {
    let mut y = 20.0;
    let mut out = Vec::with_capacity(nodes.len());
    for (name, bytes) in nodes {
        let height = (bytes as f64 * scale).max(1.0);
        let room = height.max(LABEL);
        out.push(Node {
            name,
            bytes,
            y: y + (room - height) / 2.0,
            height,
        });
        y += room + APART;
    }
    out
}

/// How far down a column reaches.
fn depth(nodes: &[Node]) -> f64 {
    let rooms = nodes.iter().map(|node| node.height.max(LABEL) + APART);
    rooms.sum()
}

/// Bands by the nodes that they join.
fn bands<'a>(ways: impl Iterator<Item = (usize, usize, &'a Way)>) -> Vec<Band> {
    let keyed = ways.map(|(from, to, way)| ((from, to, way.path), way.share.bytes));
    let all = sums(keyed).into_iter();
    all.map(|((from, to, path), bytes)| Band {
        from,
        to,
        path,
        bytes,
    })
    .collect()
}

/// Bands leave a node in the order of where they go, and arrive in the order of where they come from: so the fewest cross.
fn put_bands(svg: &mut Svg, bands: &[Band], from: &[Node], to: &[Node], column: f64, scale: f64) {
    let mut left = vec![0.0; from.len()];
    let mut right = vec![0.0; to.len()];
    let next = if column == COLUMNS[0] {
        COLUMNS[1]
    } else {
        COLUMNS[2]
    };
    let (x0, x1) = (column + NODE, next);
    let bend = (x0 + x1) / 2.0;
    for band in bands.iter().filter(|band| band.bytes > 0) {
        let (Some(a), Some(b)) = (from.get(band.from), to.get(band.to)) else {
            continue;
        };
        let wide = band.bytes as f64 * scale;
        let (y0, y1) = (a.y + left[band.from], b.y + right[band.to]);
        left[band.from] += wide;
        right[band.to] += wide;
        let drawn = wide.max(1.0);
        let n = short;
        let outline = format!(
            "M{} {}C{} {} {} {} {} {}L{} {}C{} {} {} {} {} {}Z",
            n(x0),
            n(y0),
            n(bend),
            n(y0),
            n(bend),
            n(y1),
            n(x1),
            n(y1),
            n(x1),
            n(y1 + drawn),
            n(bend),
            n(y1 + drawn),
            n(bend),
            n(y0 + drawn),
            n(x0),
            n(y0 + drawn),
        );
        let tip = format!("{} → {}: {}", a.name, b.name, bytes(band.bytes));
        palette::shape(svg, &outline, band.path, &tip);
    }
}

fn put_node(svg: &mut Svg, node: &Node, x: f64, anchor: Anchor) {
    let area = Area {
        x,
        y: node.y,
        width: NODE,
        height: node.height,
    };
    svg.rect(area, "node", None);
    let beside = match anchor {
        Anchor::End => x - 8.0,
        Anchor::Start | Anchor::Middle => x + NODE + 8.0,
    };
    let middle = node.y + node.height / 2.0;
    svg.text((beside, middle - 2.0), anchor, "name", &node.name);
    svg.text((beside, middle + 12.0), anchor, "size", &bytes(node.bytes));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::evidence::Share;

    fn way(subnet: Option<&str>, path: Path, service: Option<&str>, bytes: u64) -> Way {
        Way {
            subnet: subnet.map(str::to_owned),
            path,
            service: service.map(str::to_owned),
            share: Share { flows: 1, bytes },
        }
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(draw(&[]), None);
        assert_eq!(draw(&[way(None, Path::ViaNat, None, 0)]), None);
    }

    #[test]
    fn many_subnets_become_ten_and_the_rest() {
        let names: Vec<String> = (0..30).map(|n| format!("subnet-{n:02}")).collect();
        let ways: Vec<Way> = names
            .iter()
            .map(|name| way(Some(name), Path::ViaNat, Some("s3"), 10))
            .collect();
        let (nodes, of) = side(&ways, |way| name(way.subnet.as_deref(), "x"), "subnets");
        assert_eq!(nodes.len(), NAMED_MAX + 1);
        assert_eq!(nodes.last().unwrap(), &("20 other subnets".to_owned(), 200));
        assert_eq!(of[29], NAMED_MAX);
        assert!(draw(&ways).unwrap().contains("20 other subnets"));
    }

    #[test]
    fn names_are_text_and_sums_do_not_overflow() {
        let ways = [
            way(
                Some("<script>alert(1)</script>"),
                Path::ViaNat,
                Some("\u{202e}s3"),
                u64::MAX,
            ),
            way(None, Path::InternetBound, None, u64::MAX),
        ];
        let svg = draw(&ways).unwrap();
        assert!(!svg.contains("<script") && !svg.contains('\u{202e}'));
        assert!(svg.contains("&lt;script&gt;") && svg.contains("(no named service)"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn bands_fill_their_nodes() {
        let ways = [
            way(Some("a"), Path::ViaNat, Some("s3"), 30),
            way(Some("a"), Path::IntraVpc, None, 10),
            way(Some("b"), Path::ViaNat, Some("sts"), 60),
        ];
        let left_of = side(&ways, |way| name(way.subnet.as_deref(), "x"), "subnets").1;
        assert_eq!(left_of, [1, 1, 0]);
        let joined = bands(ways.iter().zip(&left_of).map(|(way, from)| (*from, 0, way)));
        assert_eq!(joined.iter().map(|band| band.bytes).sum::<u64>(), 100);
        assert_eq!(stacked(vec![("a".to_owned(), 50)], 2.0)[0].height, 100.0);
    }
}
