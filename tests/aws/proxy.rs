//! An HTTP/1.1 proxy on loopback that breaks answers as a test asks; without an upstream it is a server that plays a script.
//!
//! Request bytes go upstream as they came, `Host` included: SigV4 signs it. Every answer is read whole, and then told to the
//! client with `Connection: close`, so that a fault has one connection to itself. To break a scripted answer put one proxy
//! in front of another.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

/// What a client asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// 0 for the first request of this proxy.
    pub number: usize,
    /// How many times the same was asked before: method, target, and the operation where a header names it.
    pub asked_before: usize,
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// A header, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Action {
    /// The upstream's answer, unchanged.
    Pass,
    /// This answer; the upstream is not asked.
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// The head with the true length and so many bytes of the body; then the connection closes.
    CutBodyAfter(usize),
    /// The body in pieces of `bytes`, with a pause after each.
    SlowBody { bytes: usize, pause: Duration },
    /// So many bytes of the body, then nothing for a while, then the rest.
    StallAfter(usize, Duration),
    /// The whole body under a `Content-Length` that is wrong by so much.
    ContentLength(i64),
    /// The connection closes without an answer; the upstream is not asked.
    Drop,
    /// A pause before the upstream is asked.
    Delay(Duration),
}

impl Action {
    /// A scripted answer without headers of its own.
    pub fn answer(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }
}

type Rule = Box<dyn Fn(&Request) -> Action + Send + Sync>;

struct Shared {
    upstream: Option<String>,
    rule: Rule,
    seen: Mutex<Seen>,
    stopped: AtomicBool,
}

#[derive(Default)]
struct Seen {
    requests: Vec<Request>,
    times: HashMap<String, usize>,
}

/// A proxy; it stops when dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts a proxy before `upstream` (`http://HOST:PORT`), or a scripted server without one. The rule is asked once a
    /// request, from several threads.
    pub fn start(
        upstream: Option<&str>,
        rule: impl Fn(&Request) -> Action + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            upstream: upstream.map(|url| url.strip_prefix("http://").unwrap().to_owned()),
            rule: Box::new(rule),
            seen: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let for_acceptor = Arc::clone(&shared);
        let acceptor = spawn(move || {
            for client in listener.incoming() {
                if for_acceptor.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&for_acceptor);
                // An error here is a client or an upstream that went away; the test sees it on its own side.
                spawn(move || drop(client.and_then(|client| shared.serve(client))));
            }
        });
        Self {
            address,
            shared,
            acceptor: Some(acceptor),
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked until now, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.seen.lock().unwrap().requests.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the acceptor. Connections that stall notice by themselves.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
    }
}

impl Shared {
    fn serve(&self, client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let mut reader = BufReader::new(client.try_clone()?);
        let mut client = client;
        let Some(head) = Head::read(&mut reader)? else {
            return Ok(());
        };
        // boto3 waits for this before it sends an object.
        if head.get("expect").is_some() {
            client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let body = Body::read(&mut reader, &head, false)?;
        let request = self.note(&head, body.plain);
        let is_head = request.method == "HEAD";
        let action = (self.rule)(&request);
        let answer = match &action {
            Action::Drop => return client.shutdown(Shutdown::Both),
            Action::Answer {
                status,
                headers,
                body,
            } => Answer::scripted(*status, headers, body),
            Action::Delay(pause) => {
                self.pause(*pause);
                self.forward(&head.raw, &body.raw, is_head)?
            }
            _ => self.forward(&head.raw, &body.raw, is_head)?,
        };
        self.tell(&mut client, answer, &action, is_head)?;
        client.shutdown(Shutdown::Both)
    }

    fn note(&self, head: &Head, body: Vec<u8>) -> Request {
        let mut words = head.first.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (method, target) = (word(), word());
        let operation = head.get("x-amz-target").unwrap_or_default();
        let mut seen = self.seen.lock().unwrap();
        let times = seen
            .times
            .entry(format!("{method} {target} {operation}"))
            .or_default();
        let asked_before = *times;
        *times += 1;
        let request = Request {
            number: seen.requests.len(),
            asked_before,
            method,
            target,
            headers: head.headers.clone(),
            body,
        };
        seen.requests.push(request.clone());
        request
    }

    fn forward(&self, head: &[u8], body: &[u8], is_head: bool) -> io::Result<Answer> {
        let Some(upstream) = &self.upstream else {
            let text = b"this proxy has no upstream, and its rule gave no answer";
            return Ok(Answer::scripted(502, &[], text));
        };
        let mut server = TcpStream::connect(upstream)?;
        server.set_nodelay(true)?;
        server.set_read_timeout(Some(Duration::from_secs(60)))?;
        server.write_all(head)?;
        server.write_all(body)?;
        let mut reader = BufReader::new(server);
        loop {
            let head = Head::read(&mut reader)?.ok_or(ErrorKind::UnexpectedEof)?;
            // `100 Continue` comes before the answer; the client has had one.
            if head.status().starts_with('1') {
                continue;
            }
            let bodiless = is_head || matches!(head.status(), "204" | "304");
            let body = if bodiless {
                Vec::new()
            } else {
                Body::read(&mut reader, &head, true)?.plain
            };
            return Ok(Answer::passed(head, body, bodiless));
        }
    }

    fn tell(
        &self,
        client: &mut TcpStream,
        mut answer: Answer,
        action: &Action,
        is_head: bool,
    ) -> io::Result<()> {
        if let Action::ContentLength(by) = action {
            answer.change_length(*by);
        }
        client.write_all(&answer.head())?;
        if is_head {
            return Ok(());
        }
        let body = &answer.body;
        match action {
            Action::CutBodyAfter(bytes) => client.write_all(&body[..(*bytes).min(body.len())]),
            Action::StallAfter(bytes, pause) => {
                let (before, after) = body.split_at((*bytes).min(body.len()));
                client.write_all(before)?;
                self.pause(*pause);
                client.write_all(after)
            }
            Action::SlowBody { bytes, pause } => {
                for piece in body.chunks((*bytes).max(1)) {
                    client.write_all(piece)?;
                    self.pause(*pause);
                }
                Ok(())
            }
            _ => client.write_all(body),
        }
    }

    /// Sleeps, but no longer than the proxy lives.
    fn pause(&self, pause: Duration) {
        let end = Instant::now() + pause;
        while !self.stopped.load(Ordering::SeqCst) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            sleep(left.min(Duration::from_millis(20)));
        }
    }
}

/// The first line and the headers of a request or an answer.
struct Head {
    first: String,
    headers: Vec<(String, String)>,
    raw: Vec<u8>,
}

impl Head {
    /// None where the other side closes before it has said anything.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut raw = Vec::new();
        let mut lines = Vec::new();
        loop {
            let start = raw.len();
            if reader.read_until(b'\n', &mut raw)? == 0 {
                return Ok(None);
            }
            let line = String::from_utf8_lossy(&raw[start..]).trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let mut lines = lines.into_iter();
        let first = lines.next().unwrap_or_default();
        let headers = lines
            .filter_map(|line| {
                let (name, value) = line.split_once(':')?;
                Some((name.trim().to_owned(), value.trim().to_owned()))
            })
            .collect();
        Ok(Some(Self {
            first,
            headers,
            raw,
        }))
    }

    fn get(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    fn status(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or_default()
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
    Some(&found.1)
}

#[derive(Default)]
struct Body {
    /// As it came, chunk sizes included.
    raw: Vec<u8>,
    plain: Vec<u8>,
}

impl Body {
    /// `to_end`: an answer that says nothing of its length goes on until the connection closes; a request has no body then.
    fn read(reader: &mut impl BufRead, head: &Head, to_end: bool) -> io::Result<Self> {
        let mut body = Self::default();
        if head.get("transfer-encoding").is_some() {
            body.read_chunks(reader)?;
            return Ok(body);
        }
        if let Some(length) = head.get("content-length") {
            body.raw = vec![0; length.parse().map_err(invalid)?];
            reader.read_exact(&mut body.raw)?;
        } else if to_end {
            reader.read_to_end(&mut body.raw)?;
        }
        body.plain.clone_from(&body.raw);
        Ok(body)
    }

    fn read_chunks(&mut self, reader: &mut impl BufRead) -> io::Result<()> {
        loop {
            let size = self.read_line(reader)?;
            let size = size.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(invalid)?;
            if size == 0 {
                break;
            }
            let mut chunk = vec![0; size];
            reader.read_exact(&mut chunk)?;
            self.raw.extend_from_slice(&chunk);
            self.plain.append(&mut chunk);
            self.read_line(reader)?;
        }
        // Trailers, until the empty line.
        while !self.read_line(reader)?.is_empty() {}
        Ok(())
    }

    fn read_line(&mut self, reader: &mut impl BufRead) -> io::Result<String> {
        let start = self.raw.len();
        if reader.read_until(b'\n', &mut self.raw)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&self.raw[start..]);
        Ok(line.trim_end().to_owned())
    }
}

fn invalid(error: std::num::ParseIntError) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}

struct Answer {
    first: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn scripted(status: u16, headers: &[(String, String)], body: &[u8]) -> Self {
        let mut headers = headers.to_vec();
        headers.push(("Content-Length".to_owned(), body.len().to_string()));
        Self {
            first: format!("HTTP/1.1 {status} Scripted"),
            headers,
            body: body.to_vec(),
        }
    }

    /// The upstream's answer without what it said of its own connection; a chunked one gets the length it turned out to have.
    fn passed(head: Head, body: Vec<u8>, bodiless: bool) -> Self {
        let mut headers = head.headers;
        headers.retain(|(name, _)| {
            !["connection", "keep-alive", "transfer-encoding"]
                .contains(&name.to_ascii_lowercase().as_str())
        });
        if !bodiless && header(&headers, "content-length").is_none() {
            headers.push(("Content-Length".to_owned(), body.len().to_string()));
        }
        Self {
            first: head.first,
            headers,
            body,
        }
    }

    fn change_length(&mut self, by: i64) {
        for (name, value) in &mut self.headers {
            if name.eq_ignore_ascii_case("content-length") {
                let length: i64 = value.parse().unwrap();
                *value = length.saturating_add(by).max(0).to_string();
            }
        }
    }

    fn head(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("Connection: close\r\n\r\n");
        text.into_bytes()
    }
}
