// What `--version` says: the version of pingora in Cargo.toml, not that of this program.
fn main() {
    let manifest = std::fs::read_to_string("Cargo.toml").expect("Cargo.toml");
    let version = manifest
        .split("version = \"=")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    println!(
        "cargo:rustc-env=PINGORA_VERSION={}",
        version.expect("an exact version of pingora")
    );
    println!("cargo:rerun-if-changed=Cargo.toml");
}
