//! A lab's own server behind HTTPS: what is said of its certificate, and the two ways to trust it. The report:
//! iagooar/qqqa#15, sigoden/aichat#1467, BerriAI/litellm#3794.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::model_at;
use crate::program::{Place, Ran, assert_says};

const REPLY: &str = r#"{"choices":[{"message":{"content":"Yes"},"finish_reason":"stop"}]}"#;

/// Answers every request; counts those that came through the handshake.
fn server(certificate: CertificateDer<'static>, key: &KeyPair) -> (String, Arc<AtomicUsize>) {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let (config, asked) = (Arc::new(config), Arc::new(AtomicUsize::new(0)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/v1", listener.local_addr().unwrap().port());
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let count = Arc::clone(&count);
            let mut stream = BufReader::new(StreamOwned::new(connection, stream.unwrap()));
            std::thread::spawn(move || {
                while answer(&mut stream).is_some() {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    (url, asked)
}

/// One request, read to its end and answered; nothing where the other side has hung up.
fn answer<S: std::io::Read + std::io::Write>(stream: &mut BufReader<S>) -> Option<()> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim().is_empty() {
                break;
            }
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok()?;
        }
    }
    stream.read_exact(&mut vec![0; length]).ok()?;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        REPLY.len()
    );
    let out = stream.get_mut();
    out.write_all((head + REPLY).as_bytes()).and_then(|()| out.flush()).ok()
}

fn run(place: &Place, trusted: Option<&std::path::Path>) -> Ran {
    let args =
        ["run", "--data", "sample", "--models", "lab", "--benchmarks", "crehate", "--limit", "2"];
    let mut command = place.command(&args);
    if let Some(path) = trusted {
        command.env("SSL_CERT_FILE", path);
    }
    Ran::of(&mut command)
}

#[test]
fn a_labs_certificate_is_told_and_can_be_trusted() {
    // As `openssl req -x509` makes it: an authority of its own that serves as a server's certificate, too.
    let key = KeyPair::generate().unwrap();
    let mut leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let leaf = leaf.self_signed(&key).unwrap();
    let (own, own_asked) = server(leaf.der().clone(), &key);

    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let signed_key = KeyPair::generate().unwrap();
    let signed = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let signed = signed.signed_by(&signed_key, &authority).unwrap();
    let (signed, signed_asked) = server(signed.der().clone(), &signed_key);

    let check = |url: &str, certificate: Option<&str>, trusted: Option<&str>, works: bool| {
        let place = Place::new();
        let option = certificate.map_or_else(String::new, |pem| {
            format!("certificate = \"{}\"", place.write("lab.pem", pem).display())
        });
        model_at(&place, "lab", url, "", &option);
        let trusted = trusted.map(|pem| place.write("authority.pem", pem));
        let ran = run(&place, trusted.as_deref());
        let reasons = place.summary("default")["cells"][0]["outcome"].to_string();
        if works {
            ran.exits(0);
            assert!(!reasons.contains("certificate"), "{reasons}");
        } else {
            ran.exits(1);
            assert_says(
                &reasons,
                &["cannot be trusted", "clock", "`certificate = ", "SSL_CERT_FILE"],
            );
            assert!(!reasons.contains("start the server"), "{reasons}");
        }
    };
    let authority = authority.pem();
    check(&own, None, None, false);
    check(&signed, None, None, false);
    check(&own, Some(&authority), None, false);
    assert_eq!((own_asked.load(Ordering::SeqCst), signed_asked.load(Ordering::SeqCst)), (0, 0));
    check(&own, Some(&leaf.pem()), None, true);
    check(&signed, Some(&authority), None, true);
    assert_eq!((own_asked.load(Ordering::SeqCst), signed_asked.load(Ordering::SeqCst)), (20, 20));
    check(&signed, None, Some(&authority), true);
    // Two examples in ten wordings.
    assert_eq!(signed_asked.load(Ordering::SeqCst), 40);
}
