//! A host of madsim: calls are those of its own RPC.

use std::net::Ipv4Addr;
use std::time::Duration;

use madsim::net::rpc::Request as RpcRequest;
use madsim::net::{Config as NetConfig, Endpoint, NetSim};
use madsim::runtime::{Handle, NodeHandle, Runtime};
use madsim::{Config, task, time};

use crate::plain::{
    Answer, CLIENT_HOST, Host, LATENCY, Node, PORT, Request, SERVERS, System, address,
};

/// How many receive at a machine: each pays madsim a millisecond of model time for
/// every message. As many as the bench's processes have workers.
const RECEIVERS: usize = 8;

/// Runs so many transactions, and returns how many messages there were.
pub(crate) fn run(transactions: u32) -> u64 {
    let config = Config {
        net: NetConfig {
            send_latency: LATENCY..LATENCY + Duration::from_nanos(1),
            ..NetConfig::default()
        },
        ..Config::default()
    };
    let system = System::new(transactions);
    let runtime = Runtime::with_seed_and_config(1, config);
    let messages = runtime.block_on(async {
        for id in SERVERS {
            let system = system.clone();
            let started = node(id).spawn(async move { system.live(id, &Calls::bind().await) });
            started.await.expect("a server starts");
        }
        let clients = system.clone();
        let done = node(CLIENT_HOST).spawn(async { clients.clients(Calls::bind().await).await });
        done.await.expect("all clients are answered");
        NetSim::current().stat().msg_count
    });
    system.verify();
    messages
}

fn node(node: Node) -> NodeHandle {
    let handle = Handle::current();
    handle.create_node().ip(address(node).ip()).build()
}

impl RpcRequest for Request {
    type Response = Answer;

    const ID: u64 = 1;
}

/// A machine's endpoint.
#[derive(Clone)]
struct Calls(Endpoint);

impl Calls {
    async fn bind() -> Self {
        let bound = Endpoint::bind((Ipv4Addr::UNSPECIFIED, PORT)).await;
        Calls(bound.expect("a machine's only endpoint"))
    }
}

impl Host for Calls {
    async fn call(&self, to: Node, request: Request, patience: Duration) -> Option<Answer> {
        let answer = self.0.call_timeout(address(to), request, patience).await;
        answer.ok()
    }

    fn serve<A>(&self, answer: impl Fn(Request) -> A + Clone + Send + 'static)
    where
        A: Future<Output = Answer> + Send + 'static,
    {
        for _ in 0..RECEIVERS {
            self.0.add_rpc_handler(answer.clone());
        }
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        task::spawn(task);
    }

    async fn sleep(time: Duration) {
        time::sleep(time).await;
    }

    async fn within<F: Future + Send>(time: Duration, task: F) -> Option<F::Output> {
        time::timeout(time, task).await.ok()
    }
}
