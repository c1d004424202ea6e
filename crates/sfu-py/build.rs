//! Compiles a digest of the Rust sources into the module, so that `meetinghouse.media.build` can refuse a stale binary.
//!
//! The digest is the CRC-32 of every source of these crates (and of `Cargo.lock`) in the order of their paths, path and
//! content. It tells an old build from a new one and protects from nothing else.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates that end up in the module and are no business of `Cargo.lock`.
const FOLDERS: [&str; 6] =
    ["crates/sfu", "crates/sfu-io", "crates/sfu-py", "crates/turn", "crates/wire", "vendor/dimpl"];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = vec![root.join("Cargo.lock")];
    for name in FOLDERS {
        let folder = root.join(name);
        files.push(folder.join("Cargo.toml"));
        collect(&folder.join("src"), &mut files);
    }
    let mut named: Vec<(String, PathBuf)> =
        files.into_iter().map(|file| (name(&root, &file), file)).collect();
    named.sort();
    let mut crc = u32::MAX;
    for (name, file) in named {
        println!("cargo::rerun-if-changed={}", file.display());
        let content = fs::read(&file).expect("a source file");
        crc = crc32(crc32(crc, name.as_bytes()), &content);
    }
    println!("cargo::rustc-env=MEETINGHOUSE_SOURCE_DIGEST={:08x}", !crc);
}

/// Every Rust file below a folder; the folder itself is watched for new ones.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder).expect("a source folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn name(root: &Path, file: &Path) -> String {
    let relative = file.strip_prefix(root).expect("below the root");
    relative.to_string_lossy().replace('\\', "/")
}

/// CRC-32 as zlib's, without its first and last inversion.
fn crc32(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}
