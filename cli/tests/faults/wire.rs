//! A wire between two nodes: forwards TCP on an address of its own, and can be cut or made slow.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// How often a thread looks whether the wire was cut.
const LOOK: Duration = Duration::from_millis(20);
/// Bytes that a slow wire takes every [`LOOK`].
const SIP: usize = 64;

#[derive(Default)]
struct State {
    is_cut: AtomicBool,
    is_slow: AtomicBool,
    open: AtomicUsize,
    bytes: AtomicU64,
}

/// A wire to a node. Threads end with the test.
pub struct Wire {
    state: Arc<State>,
    address: SocketAddr,
}

impl Wire {
    /// Leads from a free port of 127.0.0.2 to an address.
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.2:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for caller in listener.incoming().map_while(Result::ok) {
                if shared.is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(callee) = TcpStream::connect(target) else { continue };
                for (from, to) in [(&caller, &callee), (&callee, &caller)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    from.set_read_timeout(Some(LOOK)).unwrap();
                    let shared = Arc::clone(&shared);
                    shared.open.fetch_add(1, Ordering::SeqCst);
                    thread::spawn(move || {
                        forward(&from, &to, &shared);
                        // The other side may have closed it.
                        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                        shared.open.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            }
        });
        Self { state, address }
    }

    /// Its end, as a multiaddress.
    pub fn multiaddress(&self) -> String {
        format!("/ip4/{}/tcp/{}", self.address.ip(), self.address.port())
    }

    /// Breaks what runs over it and lets nothing else begin. Returns once nothing does.
    pub fn cut(&self) {
        self.state.is_cut.store(true, Ordering::SeqCst);
        while self.state.open.load(Ordering::SeqCst) > 0 {
            thread::sleep(LOOK);
        }
    }

    pub fn heal(&self) {
        self.state.is_cut.store(false, Ordering::SeqCst);
    }

    pub fn slow(&self, is_slow: bool) {
        self.state.is_slow.store(is_slow, Ordering::SeqCst);
    }

    pub fn is_used(&self) -> bool {
        self.state.open.load(Ordering::SeqCst) > 0
    }

    /// How many bytes went over it, both ways.
    pub fn bytes(&self) -> u64 {
        self.state.bytes.load(Ordering::SeqCst)
    }
}

fn forward(mut from: &TcpStream, mut to: &TcpStream, state: &State) {
    let mut buffer = [0; 16 * 1024];
    while !state.is_cut.load(Ordering::SeqCst) {
        let is_slow = state.is_slow.load(Ordering::SeqCst);
        let room = if is_slow { SIP } else { buffer.len() };
        match from.read(&mut buffer[..room]) {
            Ok(0) => return,
            Ok(count) => {
                if to.write_all(&buffer[..count]).is_err() {
                    return;
                }
                state.bytes.fetch_add(count as u64, Ordering::SeqCst);
                if is_slow {
                    thread::sleep(LOOK);
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
    }
}
