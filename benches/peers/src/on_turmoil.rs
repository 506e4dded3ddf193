//! A host of turmoil: calls are UDP datagrams, an answer bears the number of its
//! question.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use turmoil::net::UdpSocket;

use crate::plain::{
    Answer, CLIENT_HOST, Host, LATENCY, Node, PORT, Request, SERVERS, System, address, lock,
};

/// More than the longest datagram.
const ROOM: usize = 64;

/// Runs so many transactions, and returns how many messages there were.
pub(crate) fn run(transactions: u32) -> u64 {
    let system = System::new(transactions);
    let messages = Arc::new(AtomicU64::new(0));
    let mut sim = turmoil::Builder::new()
        .rng_seed(1)
        .min_message_latency(LATENCY)
        .max_message_latency(LATENCY)
        .udp_capacity(1024)
        .simulation_duration(Duration::from_secs(3600))
        .build();

    for node in SERVERS {
        let (system, messages) = (&system, &messages);
        sim.host(address(node).ip(), move || {
            let (system, messages) = (system.clone(), Arc::clone(messages));
            async move {
                system.live(node, &Datagrams::bind(messages).await?);
                std::future::pending().await
            }
        });
    }
    let (clients, counted) = (system.clone(), Arc::clone(&messages));
    sim.client(address(CLIENT_HOST).ip(), async move {
        clients.clients(Datagrams::bind(counted).await?).await;
        Ok(())
    });
    sim.run().expect("a simulation without faults");
    drop(sim);
    system.verify();
    messages.load(Ordering::Relaxed)
}

/// A machine's sockets, and who waits there for which answer.
#[derive(Clone)]
struct Datagrams {
    service: Arc<UdpSocket>,
    calls: Arc<UdpSocket>,
    asked: Arc<AtomicU64>,
    waiting: Arc<Mutex<BTreeMap<u64, oneshot::Sender<Answer>>>>,
    messages: Arc<AtomicU64>,
}

impl Datagrams {
    async fn bind(messages: Arc<AtomicU64>) -> io::Result<Self> {
        let own = Datagrams {
            service: Arc::new(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?),
            calls: Arc::new(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?),
            asked: Arc::default(),
            waiting: Arc::default(),
            messages,
        };
        let host = own.clone();
        tokio::spawn(async move {
            loop {
                let ((number, answer), _) = receive(&host.calls).await;
                let waiting = lock(&host.waiting).remove(&number);
                // Whoever gave up waiting does not want it any more.
                let _ = waiting.map(|waiting| waiting.send(answer));
            }
        });
        Ok(own)
    }

    async fn send<T: Serialize>(&self, socket: &UdpSocket, to: SocketAddr, message: &T) {
        let mut buffer = [0; ROOM];
        let bytes = postcard::to_slice(message, &mut buffer).expect("a message has room");
        let sent = socket.send_to(bytes, to).await;
        sent.expect("every host can be reached");
        self.messages.fetch_add(1, Ordering::Relaxed);
    }
}

async fn receive<T: DeserializeOwned>(socket: &UdpSocket) -> (T, SocketAddr) {
    let mut buffer = [0; ROOM];
    let received = socket.recv_from(&mut buffer).await;
    let (length, from) = received.expect("a socket lives as long as its host");
    let message = postcard::from_bytes(&buffer[..length]);
    (message.expect("only messages are sent"), from)
}

impl Host for Datagrams {
    async fn call(&self, to: Node, request: Request, patience: Duration) -> Option<Answer> {
        let (sender, answer) = oneshot::channel();
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        lock(&self.waiting).insert(number, sender);
        self.send(&self.calls, address(to), &(number, request))
            .await;
        let answer = Self::within(patience, answer).await;
        if answer.is_none() {
            lock(&self.waiting).remove(&number);
        }
        answer?.ok()
    }

    fn serve<A>(&self, answer: impl Fn(Request) -> A + Clone + Send + 'static)
    where
        A: Future<Output = Answer> + Send + 'static,
    {
        let host = self.clone();
        tokio::spawn(async move {
            loop {
                let ((number, request), from) = receive::<(u64, _)>(&host.service).await;
                let (host, answer) = (host.clone(), answer(request));
                tokio::spawn(async move {
                    let answer = answer.await;
                    host.send(&host.service, from, &(number, answer)).await;
                });
            }
        });
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    async fn sleep(time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn within<F: Future + Send>(time: Duration, task: F) -> Option<F::Output> {
        tokio::time::timeout(time, task).await.ok()
    }
}
