//! A server that sends what it is told to, byte by byte, and remembers what it was asked.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use labeld_connector::http::Url;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// As in the request line.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// What to send back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    head: String,
    body: Vec<u8>,
    length: Length,
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum Length {
    Of(usize),
    Unsaid,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Close,
    /// The connection stays open and silent.
    Silence,
    /// Nothing is sent at all.
    Nothing,
    NothingAndSilence,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let mut reply = Self {
            head: format!("HTTP/1.1 {status} Scripted\r\nConnection: close\r\n"),
            length: Length::Of(body.len()),
            body,
            end: End::Close,
        };
        if !content_type.is_empty() {
            reply = reply.header("Content-Type", content_type);
        }
        reply
    }

    pub(crate) fn json(body: &str) -> Self {
        Self::new(200, "application/json", body)
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::new(status, "", "")
    }

    /// The connection is closed without an answer.
    pub(crate) fn lost() -> Self {
        let mut reply = Self::status(200);
        reply.end = End::Nothing;
        reply
    }

    /// Nothing is sent and the connection stays open.
    pub(crate) fn lost_in_silence() -> Self {
        let mut reply = Self::status(200);
        reply.end = End::NothingAndSilence;
        reply
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let _ = write!(self.head, "{name}: {value}\r\n");
        self
    }

    /// Says another length than that of the body.
    pub(crate) fn announcing(mut self, length: usize) -> Self {
        self.length = Length::Of(length);
        self
    }

    /// Says no length: the body ends with the connection.
    pub(crate) fn without_length(mut self) -> Self {
        self.length = Length::Unsaid;
        self
    }

    /// Leaves the connection open after the body.
    pub(crate) fn then_silence(mut self) -> Self {
        self.end = End::Silence;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.clone().into_bytes();
        if let Length::Of(length) = self.length {
            bytes.extend(format!("Content-Length: {length}\r\n").bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&self.body);
        bytes
    }
}

type Script = dyn Fn(usize, &Seen) -> Reply + Send + Sync;

/// A server on a port of its own, until the end of the test.
pub(crate) struct Server {
    base: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers the n-th request (from 0) by `script`.
    pub(crate) async fn start(
        script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Arc::new(script), None).await
    }

    /// Answers with these replies in turn; the last one again and again.
    pub(crate) async fn replying(replies: Vec<Reply>) -> Self {
        Self::start(move |n, _| replies[n.min(replies.len() - 1)].clone()).await
    }

    pub(crate) async fn with_tls(acceptor: TlsAcceptor, reply: Reply) -> Self {
        Self::listen(Arc::new(move |_, _: &Seen| reply.clone()), Some(acceptor)).await
    }

    async fn listen(script: Arc<Script>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let base = format!("{scheme}://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, seen, tls) =
                    (Arc::clone(&script), Arc::clone(&remembered), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &*script, &seen).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, &*script, &seen).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            base: Url::parse(&base).unwrap(),
            seen,
        }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        self.base.join(path).unwrap()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    script: &Script,
    seen: &Mutex<Vec<Seen>>,
) {
    let Some(request) = receive(&mut stream).await else {
        return;
    };
    let reply = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        script(seen.len() - 1, &request)
    };
    if matches!(reply.end, End::Close | End::Silence) {
        // The client may have gone already, which is what some of the tests are about.
        let _ = stream.write_all(&reply.bytes()).await;
        let _ = stream.flush().await;
    }
    if matches!(reply.end, End::Silence | End::NothingAndSilence) {
        std::future::pending::<()>().await;
    }
    let _ = stream.shutdown().await;
}

async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut seen = Seen {
        method,
        target,
        headers,
        body: bytes[end..].to_vec(),
    };
    let length = seen
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    while seen.body.len() < length {
        if stream.read_buf(&mut seen.body).await.ok()? == 0 {
            return None;
        }
    }
    Some(seen)
}
