//! What is below a prefix: pages of listings go in, the objects that may hold records of the window come out.
//!
//! Without a window the prefix is listed flat. With one the folders are walked down, and those whose time lies outside are not
//! looked into; below the day, or the hour, the listing is flat. What is not laid out as AWS does is walked down too, and kept.

use std::collections::HashSet;
use std::sync::Arc;

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use tokio::task::JoinSet;

use crate::aws::{Fault, Kind};
use crate::ingest::s3::bucket::{Bucket, LIST};
use crate::ingest::s3::keys::{Grain, Place, Thing, may_hold, place, thing};
use crate::model::window::Window;

/// Listings at once: enough that a week of days, or a dozen accounts, take a few round trips; far below S3's 5,500 a second.
const AT_ONCE: usize = 8;

/// Beyond so many folders of unknown kind a flat listing of their parent is the shorter way: it has 1,000 keys a page.
const UNKNOWN_MAX: usize = 100;

/// An object, as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) etag: Option<String>,
}

/// A prefix to be listed, with all that is below it or folder by folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) prefix: String,
    pub(super) flat: bool,
}

/// What a listing gave, all pages together.
#[derive(Debug, Default)]
pub(super) struct Level {
    folders: Vec<String>,
    objects: Vec<Entry>,
}

/// What was left out because it is no flow log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) foreign: u64,
    pub(super) foreign_folders: u64,
    pub(super) write_tests: u64,
    /// The first of them.
    pub(super) example: Option<String>,
}

/// What the whole walk gave.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) objects: Vec<Entry>,
    pub(super) passed: Passed,
    /// Objects and folders outside the window.
    pub(super) outside: u64,
}

/// Why there is no listing, and the bucket's Region if S3 named one.
pub(super) struct Refusal {
    pub(super) fault: Box<Fault>,
    pub(super) region: Option<String>,
}

impl From<Box<Fault>> for Refusal {
    fn from(fault: Box<Fault>) -> Refusal {
        Refusal {
            fault,
            region: None,
        }
    }
}

/// Everything below the prefix that may hold records of the window.
///
/// # Errors
/// The first listing that fails.
pub(super) async fn walk(
    bucket: Arc<Bucket>,
    prefix: String,
    window: Window,
) -> Result<Found, Refusal> {
    let (mut found, mut todo) = (Found::default(), vec![first(prefix, window)]);
    let mut running = JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(step) = todo.pop()
        {
            running.spawn(level(Arc::clone(&bucket), step));
        }
        let Some(done) = running.join_next().await else {
            return Ok(found);
        };
        let (step, level) =
            done.map_err(|why| Box::new(Fault::local(&format!("a listing ended: {why}"))))??;
        todo.extend(found.take(step, level, window));
    }
}

/// Where the walk begins.
fn first(prefix: String, window: Window) -> Step {
    let hour = matches!(place(&prefix), Place::Dated(_, Grain::Hour));
    Step {
        flat: window == Window::ALL || hour,
        prefix,
    }
}

/// All pages of one step.
async fn level(bucket: Arc<Bucket>, step: Step) -> Result<(Step, Level), Refusal> {
    let (mut level, mut token) = (Level::default(), None);
    let mut seen = HashSet::new();
    loop {
        let page = bucket.page(&step, token).await?;
        let bad = |what: &str| bucket.fault(Kind::Other, LIST, &step.prefix, what);
        level.add(&page).map_err(bad)?;
        token = next(&page, &mut seen).map_err(bad)?;
        if token.is_none() {
            return Ok((step, level));
        }
    }
}

/// The token of the next page, if there is one.
fn next(
    page: &ListObjectsV2Output,
    seen: &mut HashSet<String>,
) -> Result<Option<String>, &'static str> {
    let token = page.next_continuation_token();
    match (page.is_truncated(), token.filter(|token| !token.is_empty())) {
        (Some(false), _) => Ok(None),
        // The last thing that a page says: without it, the page may have been cut.
        (None, _) => Err("it does not say whether there is more"),
        (Some(true), None) => Err("it says that there is more, and not how to ask for it"),
        (_, Some(token)) if !seen.insert(token.to_owned()) => {
            Err("it leads back to a page that was there before")
        }
        (_, Some(token)) => Ok(Some(token.to_owned())),
    }
}

impl Level {
    fn add(&mut self, page: &ListObjectsV2Output) -> Result<(), &'static str> {
        let told = page
            .key_count()
            .and_then(|count| usize::try_from(count).ok());
        if told.is_some_and(|told| told != page.contents().len() + page.common_prefixes().len()) {
            return Err("it has fewer or more keys than it says");
        }
        for folder in page.common_prefixes() {
            let prefix = folder.prefix().ok_or("it has a folder without a name")?;
            self.folders.push(prefix.to_owned());
        }
        for object in page.contents() {
            let key = object.key().ok_or("it has an object without a key")?;
            let size = object.size().and_then(|size| u64::try_from(size).ok());
            self.objects.push(Entry {
                key: key.to_owned(),
                size: size.ok_or("it has an object without a size")?,
                etag: object.e_tag().map(str::to_owned),
            });
        }
        Ok(())
    }
}

impl Found {
    /// Takes what a step gave; what is to be listed next comes out.
    fn take(&mut self, step: Step, level: Level, window: Window) -> Vec<Step> {
        let unknown = |folder: &&String| place(folder) == Place::Unknown;
        if level.folders.iter().filter(unknown).count() > UNKNOWN_MAX {
            return vec![Step { flat: true, ..step }];
        }
        for entry in level.objects {
            self.object(entry, window);
        }
        let folders = level.folders.into_iter();
        folders
            .filter_map(|folder| self.folder(folder, window))
            .collect()
    }

    fn object(&mut self, entry: Entry, window: Window) {
        match thing(&entry.key, entry.size) {
            Thing::FolderMark => {}
            Thing::WriteTest => {
                self.passed.write_tests += 1;
                self.passed.example.get_or_insert(entry.key);
            }
            Thing::Foreign => {
                self.passed.foreign += 1;
                self.passed.example.get_or_insert(entry.key);
            }
            Thing::Log if may_hold(&entry.key, window) => self.objects.push(entry),
            Thing::Log => self.outside += 1,
        }
    }

    fn folder(&mut self, prefix: String, window: Window) -> Option<Step> {
        let flat = match place(&prefix) {
            Place::Unknown | Place::Way => false,
            Place::Foreign => {
                self.passed.foreign_folders += 1;
                self.passed.example.get_or_insert(prefix);
                return None;
            }
            Place::Dated(span, _) if !span.may_touch(window) => {
                self.outside += 1;
                return None;
            }
            Place::Dated(span, Grain::Day) => span.lies_in(window),
            Place::Dated(_, grain) => grain == Grain::Hour,
        };
        Some(Step { prefix, flat })
    }
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
