// pingora with the job of the bench: h2c and TLS in, h2c out, every call to the next backend, one thread of work.
//   pingora-peer PORT TLS_PORT BACKEND...     (certificate.pem and key.pem in the working directory)
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use pingora::apps::HttpServerOptions;
use pingora::listeners::tls::TlsSettings;
use pingora::prelude::*;

/// The usual limit of servers, theirs too. By itself pingora would have one call on a connection at a time.
const STREAMS: usize = 100;

struct RoundRobin {
    peers: Vec<HttpPeer>,
    next: AtomicUsize,
}

#[async_trait]
impl ProxyHttp for RoundRobin {
    type CTX = ();
    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _session: &mut Session, _ctx: &mut ()) -> Result<Box<HttpPeer>> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(self.peers[next % self.peers.len()].clone()))
    }
}

fn http2_peer(address: &String) -> HttpPeer {
    let mut peer = HttpPeer::new(address.as_str(), false, String::new());
    peer.options.set_http_version(2, 2);
    peer.options.max_h2_streams = STREAMS;
    peer
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "--version") {
        return println!("{}", env!("PINGORA_VERSION"));
    }
    let [port, tls_port, backends @ ..] = arguments.as_slice() else {
        panic!("PORT TLS_PORT BACKEND...")
    };
    // One thread for each service by itself.
    let mut server = Server::new(None).expect("a server");
    server.bootstrap();
    let peers = backends.iter().map(http2_peer).collect();
    let balancer = RoundRobin {
        peers,
        next: AtomicUsize::new(0),
    };
    let mut proxy = http_proxy_service(&server.configuration, balancer);
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    proxy
        .app_logic_mut()
        .expect("an application")
        .server_options = Some(options);
    proxy.add_tcp(&format!("127.0.0.1:{port}"));
    let mut tls = TlsSettings::intermediate("certificate.pem", "key.pem").expect("a certificate");
    tls.enable_h2();
    proxy.add_tls_with_settings(&format!("127.0.0.1:{tls_port}"), None, tls);
    server.add_service(proxy);
    server.run_forever();
}
