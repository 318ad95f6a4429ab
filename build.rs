//! Bundles the dashboard (`static/` and `clients/typescript/`) into `OUT_DIR/ui`, which the server embeds.
//!
//! The Rust build never fails for it: without Node, npm or the registry the page says what to do, a warning
//! tells, and `GENERIC_CORP_UI` is `stub` instead of `built`. `GENERIC_CORP_SKIP_UI=1` skips it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

type Outcome<T = ()> = Result<T, String>;

/// What is read to build the dashboard; what comes and goes beside it does not matter.
const SOURCES: [&str; 9] = [
    "static/src",
    "static/build.mjs",
    "static/index.html",
    "static/favicon.svg",
    "static/package.json",
    "static/package-lock.json",
    "static/.npmrc",
    "clients/typescript/src",
    "clients/typescript/package.json",
];
const INSTALL_LIMIT: Duration = Duration::from_secs(240);
const BUNDLE_LIMIT: Duration = Duration::from_secs(60);
const LOCK: &str = "package-lock.json";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=GENERIC_CORP_SKIP_UI");
    for source in SOURCES {
        watch(Path::new(source));
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let page = out.join("ui");
    let skip = std::env::var_os("GENERIC_CORP_SKIP_UI").is_some_and(|value| value != "0");
    let result = if skip {
        Err("GENERIC_CORP_SKIP_UI is set".to_owned())
    } else {
        bundle(&out, &page)
    };
    if let Err(reason) = &result {
        if !skip {
            println!("cargo::warning=the dashboard is left out: {reason}");
            // Try again at the next build: Node or the network may be there by then.
            println!(
                "cargo::rerun-if-changed={}",
                page.join("never-there").display()
            );
        }
        stub(&page, reason).expect("OUT_DIR is writable");
    }
    let state = if result.is_ok() { "built" } else { "stub" };
    println!("cargo::rustc-env=GENERIC_CORP_UI={state}");
}

/// Has cargo look at every file, and at every folder for new ones.
fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        watch(&entry.path());
    }
}

fn bundle(out: &Path, page: &Path) -> Outcome {
    let work = out.join("ui-build");
    for source in SOURCES {
        let to = work.join(source);
        remove(&to)?;
        copy(Path::new(source), &to)?;
    }
    install(&work.join("static"))?;
    let fresh = out.join("ui-fresh");
    remove(&fresh)?;
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let mut node = Command::new("node");
    node.current_dir(work.join("static"))
        .arg("build.mjs")
        .arg(&fresh)
        .arg(version);
    run(node, "node build.mjs", BUNDLE_LIMIT)?;
    remove(page)?;
    fs::rename(&fresh, page).map_err(|error| format!("{}: {error}", page.display()))
}

/// `npm ci`, unless what the lock file names is there already.
fn install(folder: &Path) -> Outcome {
    let lock = fs::read(folder.join(LOCK)).map_err(|error| format!("{LOCK}: {error}"))?;
    let stamp = folder.join("node_modules").join(LOCK);
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.current_dir(folder).args([
        "ci",
        "--omit=dev",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--fetch-retries=1",
    ]);
    run(npm, "npm ci", INSTALL_LIMIT)?;
    fs::write(&stamp, lock).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// Runs a program to its end, or ends it at the limit; its last words are the reason when it fails.
fn run(mut command: Command, name: &str, limit: Duration) -> Outcome {
    let log = std::env::temp_dir().join(format!("generic-corp-build-{}.log", std::process::id()));
    let output = fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    let errors = output.try_clone().map_err(|error| error.to_string())?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .map_err(|error| {
            format!("`{name}` cannot be started ({error}); install Node 20 or newer")
        })?;
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if begun.elapsed() > limit => {
                let _ = child.kill();
                break child.wait().map_err(|error| error.to_string())?;
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let said = fs::read_to_string(&log).unwrap_or_default();
    let _ = fs::remove_file(&log);
    if status.success() {
        return Ok(());
    }
    let line = said
        .lines()
        .rev()
        .find(|line| line.contains("rror"))
        .unwrap_or("it said nothing");
    Err(format!("`{name}` failed ({status}): {}", line.trim()))
}

fn copy(from: &Path, to: &Path) -> Outcome {
    let fail = |error: std::io::Error| format!("{}: {error}", from.display());
    if !from.is_dir() {
        fs::create_dir_all(to.parent().unwrap_or(to)).map_err(fail)?;
        return fs::copy(from, to).map(drop).map_err(fail);
    }
    fs::create_dir_all(to).map_err(fail)?;
    for entry in fs::read_dir(from).map_err(fail)? {
        let name = entry.map_err(fail)?.file_name();
        if name.as_os_str() != OsStr::new("node_modules") {
            copy(&from.join(&name), &to.join(&name))?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Outcome {
    let result = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}

/// A page that says what is missing, without script or style: the same policy holds for it.
fn stub(page: &Path, reason: &str) -> std::io::Result<()> {
    if page.exists() {
        fs::remove_dir_all(page)?;
    }
    fs::create_dir_all(page)?;
    let reason = reason.replace('&', "&amp;").replace('<', "&lt;");
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>generic-corp</title>\n\
         <h1>This hub was built without its dashboard</h1>\n\
         <p>The hub itself works: API, WebSocket and command line. The reason: {reason}</p>\n\
         <p>To have the dashboard, install Node 20 or newer with npm, and run <code>cargo build --release</code> again.</p>\n\
         </html>\n"
    );
    fs::write(page.join("index.html"), html)
}
