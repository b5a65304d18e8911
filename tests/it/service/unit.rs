//! The systemd unit.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/labeld.service");
    let text = fs::read_to_string(unit).unwrap();
    assert!(text.contains("ExecStart=/usr/bin/labeld run "), "{text}");
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("labeld.service");
    let program = env!("CARGO_BIN_EXE_labeld");
    fs::write(&here, text.replace("/usr/bin/labeld", program)).unwrap();
    let verified = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&here)
        .output();
    let Ok(verified) = verified else {
        println!("skipped: there is no systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(!said.contains("labeld.service"), "{said}");
}
