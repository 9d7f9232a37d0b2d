//! Accepting connections: TLS or not, limits of size and time, a stop that lets open requests end.
//!
//! The library's own limit for a head begins after it has told HTTP/1 from HTTP/2, which it does by the first bytes; a
//! client that sends none would stay for ever, so those have a limit of their own.
//!
//! A client that sends its head slowly, or nothing at all, is cut after `head_time`; one that does not take its answer
//! after `write_time`. More connections than `connections` wait in the kernel's queue.

use crate::config::ServeConfig;
use crate::shared::AppState;
use crate::tls::Tls;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::{Request, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// Serves until `stop` is ready, then lets open requests end.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    shared: AppState,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let config = shared.config.clone();
    let acceptor = tls.map(|tls| TlsAcceptor::from(tls.0));
    let builder = Arc::new(builder(&config));
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(config.connections));
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = next(&listener, &places) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let (builder, router, shared) = (builder.clone(), router.clone(), shared.clone());
        let (acceptor, watcher) = (acceptor.clone(), graceful.watcher());
        tokio::spawn(async move {
            shared.metrics.connected(1);
            let (head_time, write_time) = (shared.config.head_time, shared.config.write_time);
            // Small answers must not wait for more.
            let _ = stream.set_nodelay(true);
            let stream = Guarded::new(stream, write_time);
            match acceptor {
                None => connection(&builder, stream, peer, router, watcher, head_time).await,
                Some(acceptor) => {
                    if let Ok(Ok(stream)) = timeout(head_time, acceptor.accept(stream)).await {
                        connection(&builder, stream, peer, router, watcher, head_time).await;
                    }
                }
            }
            shared.metrics.connected(-1);
            drop(place);
        });
    }
    drop(listener);
    // Whoever does not end in time is cut.
    let _ = timeout(config.stop_time, graceful.shutdown()).await;
    Ok(())
}

/// The next connection, once there is a place for it; `None` when accepting failed.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(why) => {
            // Out of file handles, or the peer went away at once: wait a moment instead of spinning.
            tracing::warn!("a connection could not be accepted: {why}");
            sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

fn builder(config: &ServeConfig) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    let head = config.head_bytes.max(8_192);
    builder.http1().timer(TokioTimer::new()).header_read_timeout(config.head_time).max_buf_size(head).max_headers(100);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(config.head_time)
        .keep_alive_timeout(config.head_time)
        .max_header_list_size(u32::try_from(head).unwrap_or(u32::MAX))
        .max_concurrent_streams(200)
        .max_pending_accept_reset_streams(20);
    builder
}

async fn connection<S>(
    builder: &Builder<TokioExecutor>,
    stream: S,
    peer: SocketAddr,
    router: Router,
    watcher: Watcher,
    head_time: Duration,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let connection = builder.serve_connection(TokioIo::new(Hurried::new(stream, head_time)), service);
    // What goes wrong on a connection is the client's: it closed, or was cut for being slow.
    if let Err(why) = watcher.watch(connection).await {
        tracing::debug!("a connection ended: {why}");
    }
}

/// A stream whose writes must make progress: a client that takes nothing for too long is cut.
struct Guarded<S> {
    stream: S,
    allowed: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Guarded<S> {
    fn new(stream: S, allowed: Duration) -> Self {
        Self { stream, allowed, waiting: None }
    }

    /// Starts or ends the wait; an error once it was too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.waiting = None;
            return poll;
        }
        let allowed = self.allowed;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + allowed)));
        match waiting.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing"))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch(cx, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch(cx, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Bytes that tell HTTP/1 from HTTP/2.
const PREFACE: usize = 24;

/// A stream whose first bytes have to come soon.
struct Hurried<S> {
    stream: S,
    missing: usize,
    until: Pin<Box<Sleep>>,
}

impl<S> Hurried<S> {
    fn new(stream: S, allowed: Duration) -> Self {
        Self { stream, missing: PREFACE, until: Box::pin(sleep(allowed)) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Hurried<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.missing = self.missing.saturating_sub(buf.filled().len() - before);
        if poll.is_pending() && self.missing > 0 && self.until.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client says nothing")));
        }
        poll
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Hurried<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // Whoever is answered has said enough.
        self.missing = 0;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.missing = 0;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
