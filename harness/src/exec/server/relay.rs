//! A socket in a cell's own folder that leads to the model's server, and nowhere else.
//!
//! A plugin has no network; this socket is all that it reaches. Whatever sandbox there is, it needs no rule for a port.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The socket in a folder, the one for temporary files of a plugin: paths of sockets must be short.
pub fn socket(folder: &Path) -> PathBuf {
    folder.join("server.sock")
}

/// Carries connections until it is dropped.
#[derive(Debug)]
pub(in crate::exec) struct Relay {
    path: PathBuf,
    over: Arc<AtomicBool>,
}

impl Relay {
    /// Listens in a folder and leads to a port of this machine.
    pub(super) fn start(folder: &Path, port: u16) -> io::Result<Self> {
        let path = socket(folder);
        let listener = UnixListener::bind(&path)?;
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    std::thread::spawn(move || carry(stream, port));
                }
            }
        });
        Ok(Self { path, over })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // It waits for a connection: this is the last one.
        let _ = UnixStream::connect(&self.path);
    }
}

/// Carries one connection both ways. One that cannot be made is closed, which the plugin is told as a lost connection.
fn carry(plugin: UnixStream, port: u16) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(server) = TcpStream::connect(address) else { return };
    let _ = server.set_nodelay(true);
    let (Ok(mut from_plugin), Ok(mut to_server)) = (plugin.try_clone(), server.try_clone()) else {
        return;
    };
    std::thread::spawn(move || {
        let _ = io::copy(&mut from_plugin, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut from_server, mut to_plugin) = (server, plugin);
    let _ = io::copy(&mut from_server, &mut to_plugin);
    let _ = to_plugin.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_connection_reaches_the_port_and_comes_back() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = server.local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let relay = Relay::start(folder.path(), port).unwrap();
        let echo = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            stream.write_all(text.to_uppercase().as_bytes()).unwrap();
        });
        let mut stream = UnixStream::connect(socket(folder.path())).unwrap();
        stream.write_all(b"hello").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert_eq!(text, "HELLO");
        echo.join().unwrap();
        drop(relay);
    }
}
