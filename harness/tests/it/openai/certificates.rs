//! A lab's own server behind HTTPS: what is said of its certificate, and the two ways to trust it. The report:
//! iagooar/qqqa#15, sigoden/aichat#1467, BerriAI/litellm#3794.

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::model_at;
use crate::https::Https;
use crate::program::{Place, Ran, assert_says};

const REPLY: &str = r#"{"choices":[{"message":{"content":"Yes"},"finish_reason":"stop"}]}"#;

fn server(certificate: &Certificate, key: &KeyPair) -> (String, Https) {
    let server = Https::start(certificate.der().clone(), key, REPLY);
    (format!("https://localhost:{}/v1", server.port), server)
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
    let (own, own_server) = server(&leaf, &key);

    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let signed_key = KeyPair::generate().unwrap();
    let signed = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let signed = signed.signed_by(&signed_key, &authority).unwrap();
    let (signed, signed_server) = server(&signed, &signed_key);

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
    assert_eq!((own_server.asked(), signed_server.asked()), (0, 0));
    check(&own, Some(&leaf.pem()), None, true);
    check(&signed, Some(&authority), None, true);
    assert_eq!((own_server.asked(), signed_server.asked()), (20, 20));
    check(&signed, None, Some(&authority), true);
    // Two examples in ten wordings.
    assert_eq!(signed_server.asked(), 40);
}
