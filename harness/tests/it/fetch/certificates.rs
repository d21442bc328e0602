//! Servers whose certificate is unknown, has expired or is another host's: not a byte of theirs is read.

use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};

use crate::https::Https;
use crate::program::{Place, Ran, assert_says, files_below};

const BODY: &str = "id,text,label,culture\n1,a,yes,x\n";

/// Fetches from the server, trusting one authority.
fn fetch(place: &Place, name: &str, port: u16, authority: &str) -> Ran {
    let bare = Place::new();
    bare.run(&["sample", "--synthetic", "3", "made"]).exits(0);
    let definition = fs_err::read_to_string(bare.path("made/synthetic.toml")).unwrap();
    let from = "from = { kind = \"drop-in\", hint = \"made by the program\" }";
    let url = format!("from = {{ kind = \"http\", url = \"https://localhost:{port}/rows.csv\" }}");
    assert!(definition.contains(from));
    let text = definition.replace(from, &url).replace("\"synthetic\"", &format!("{name:?}"));
    place.write(
        &format!("defs/{name}.toml"),
        text.replace("number = 1000", &format!("number = {port}")),
    );
    let authority = place.write("authority.pem", authority);
    let offline = place.command(&["fetch", name]);
    let mut command = Command::new(offline.get_program());
    command.args(offline.get_args().filter(|word| *word != "--offline"));
    command.current_dir(offline.get_current_dir().unwrap()).env_clear();
    command.envs(offline.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Ran::of(command.env("SSL_CERT_FILE", authority))
}

#[test]
fn a_wrong_certificate_ends_the_fetch_before_a_byte_is_read() {
    let authority = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let (ours, foreign) = (authority("ours"), authority("foreign"));
    let key = KeyPair::generate().unwrap();
    let params = |host: &str| CertificateParams::new(vec![host.to_owned()]).unwrap();
    let good = params("localhost").signed_by(&key, &ours).unwrap();
    let mut old = params("localhost");
    (old.not_before, old.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let bad = [
        ("unknown", params("localhost").signed_by(&key, &foreign).unwrap(), "UnknownIssuer"),
        ("expired", old.signed_by(&key, &ours).unwrap(), "expired"),
        ("other", params("example.org").signed_by(&key, &ours).unwrap(), "not valid for name"),
        ("alone", params("localhost").self_signed(&key).unwrap(), "certificate"),
    ];
    let place = Place::new();
    for (name, certificate, reason) in bad {
        let server = Https::start(certificate.der().clone(), &key, BODY);
        let ran = fetch(&place, name, server.port, &ours.pem());
        assert_ne!(ran.code, Some(0), "{name}: {}", ran.out);
        let said = ran.out + &ran.err;
        assert_says(&said, &["cannot be trusted", reason, "SSL_CERT_FILE", "clock"]);
        assert_eq!(server.asked(), 0, "{name}: a request was sent");
        let cache = files_below(&place.path("cache"));
        let kept = |part: &str| cache.iter().any(|file| file.to_string_lossy().contains(part));
        assert!(!kept("objects") && !kept("partial"), "{cache:?}");
    }
    let server = Https::start(good.der().clone(), &key, BODY);
    fetch(&place, "good", server.port, &ours.pem()).exits(0);
    assert_eq!(server.asked(), 1, "the same server with a good certificate is read");
}
