//! What the bots run: real commands of any Linux or macOS. They read the machine and print; none of them
//! changes a file, shows the environment or uses the network.

use crate::cli::command::Running;
use std::process::Stdio;
use tokio::net::unix::pipe;
use tokio::process::Command;

/// A command for the shell.
#[derive(Debug)]
pub struct Program {
    /// What people see: the command, or what a longer script does.
    pub title: &'static str,
    /// Words by which people ask for it.
    pub words: &'static [&'static str],
    script: &'static str,
    /// Media type of what it prints.
    pub media_type: &'static str,
}

impl Program {
    /// A command that is shown as it is run.
    const fn plain(words: &'static [&'static str], script: &'static str) -> Self {
        Self::titled(script, words, script)
    }

    const fn titled(
        title: &'static str,
        words: &'static [&'static str],
        script: &'static str,
    ) -> Self {
        Self {
            title,
            words,
            script,
            media_type: "text/x-ansi",
        }
    }

    /// Starts it in the root folder, without the environment.
    pub fn start(&self) -> anyhow::Result<(Running, pipe::Receiver)> {
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        let mut command = Command::new("sh");
        command
            .args(["-c", self.script])
            .current_dir("/")
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", path)
            .env("LANG", "C")
            .env("TERM", "xterm-256color");
        Running::spawn(command)
    }
}

/// Everything that people can ask for.
pub const ALL: [&Program; 15] = [
    &DISK, &UPTIME, &PROCESSES, &MEMORY, &FOLDER, &LOST, &KERNEL, &CALENDAR, &CHECKS, &BUILD,
    &GATE, &REHEARSAL, &PRIMES, &COMMANDS, &SAMPLES,
];

/// Free space.
pub const DISK: Program = Program::plain(&["disk", "df"], "df -h");
/// How long the machine has been up, and its load.
pub const UPTIME: Program = Program::plain(&["uptime", "load"], "uptime");
/// The busiest processes, without their arguments.
pub const PROCESSES: Program = Program::plain(
    &["processes", "ps"],
    "ps -A -o pcpu,pmem,comm | sort -nr | head -n 12",
);
/// Memory; macOS has another command for it.
pub const MEMORY: Program = Program::titled(
    "memory of this machine",
    &["memory", "free"],
    "if command -v free >/dev/null; then free -h; else vm_stat; fi",
);
/// A folder.
pub const FOLDER: Program = Program::plain(&["ls", "files"], "ls -la /");
/// A folder that is not there.
pub const LOST: Program = Program::plain(&["lost", "missing"], "ls -la /no/such/folder");
/// The system's name.
pub const KERNEL: Program = Program::plain(&["uname", "kernel"], "uname -srm");
/// Small systems have no `cal`, which is fine.
pub const CALENDAR: Program = Program::plain(&["calendar", "cal"], "cal");

/// Small checks with coloured marks.
pub const CHECKS: Program = Program::titled(
    "smoke checks",
    &["checks", "check", "smoke", "tests"],
    r#"bad=0; all=0
check() {
  all=$((all + 1)); sleep 0.4
  if eval "$2" >/dev/null 2>&1; then printf '\033[32m✓\033[0m %s\n' "$1"
  else bad=$((bad + 1)); printf '\033[31m✕ %s\033[0m\n' "$1"; fi
}
printf '\033[1mSmoke checks\033[0m\n'
check 'the shell adds up'            'test $((6 * 7)) -eq 42'
check 'sort puts things in order'    'test "$(printf "b\na\n" | sort | head -n 1)" = a'
check 'awk divides'                  'test "$(awk "BEGIN { print 84 / 2 }")" = 42'
check 'sed replaces'                 'test "$(echo cat | sed s/c/b/)" = bat'
check 'the clock is past 2025'       'test "$(date +%Y)" -gt 2025'
check 'the root folder can be read'  'ls /'
check 'there is a temporary folder'  'test -d /tmp'
check 'a made-up name is no command' '! command -v no-such-command'
printf '\n\033[1m%d checks, %d failed\033[0m\n' "$all" "$bad"
test "$bad" -eq 0"#,
);

/// A progress bar that repaints itself, over work that is done.
pub const BUILD: Program = Program::titled(
    "checksum 40 MiB",
    &["build", "progress", "deploy"],
    r#"total=40; i=0
while [ "$i" -lt "$total" ]; do
  i=$((i + 1))
  sum=$(head -c 1048576 /dev/zero | cksum | cut -d ' ' -f 1)
  bar=$(printf '%*s' $((i * 30 / total)) '' | tr ' ' '#')
  printf '\r\033[36mchecksums\033[0m [\033[32m%-30s\033[0m] %3d %%' "$bar" $((i * 100 / total))
  sleep 0.2
done
printf '\n\033[1mdone:\033[0m %d blocks of 1 MiB, each with checksum %s\n' "$total" "$sum""#,
);

/// Fails, with a status of its own.
pub const GATE: Program = Program::titled(
    "disk gate: at most 0 % used",
    &["fail", "gate", "error"],
    r#"printf 'measuring the disk\n'; sleep 1
used=$(df -P / | awk 'NR == 2 { print $5 + 0 }')
printf 'used: \033[33m%s %%\033[0m\n' "$used"; sleep 1
if [ "$used" -gt 0 ]; then
  printf '\033[1;31mrefused:\033[0m nothing passes a gate of 0 %%\n' >&2; exit 3
fi
printf '\033[32mpassed\033[0m\n'"#,
);

/// Long enough to be stopped by somebody.
pub const REHEARSAL: Program = Program::titled(
    "rehearsal in 60 steps",
    &["rehearsal", "long", "minute"],
    r#"printf '\033[1mOne step a second. Stop me: I am a good loser.\033[0m\n'
i=0
while [ "$i" -lt 60 ]; do
  i=$((i + 1)); sleep 1
  printf '\033[2m%s\033[0m step \033[36m%2d\033[0m of 60\n' "$(date +%H:%M:%S)" "$i"
done"#,
);

/// Arithmetic.
pub const PRIMES: Program = Program::titled(
    "primes below 10 000",
    &["primes", "prime"],
    r#"awk 'BEGIN {
  for (n = 2; n < 10000; n++) {
    prime = 1
    for (d = 2; d * d <= n; d++) if (n % d == 0) { prime = 0; break }
    count += prime
    if (n % 1000 == 999) {
      printf "below \033[33m%5d\033[0m: %4d primes, %4.1f %%\n", n + 1, count, 100 * count / n
      fflush(); system("sleep 0.5")
    }
  }
}'"#,
);

/// A chart in colour, of the commands of this machine.
pub const COMMANDS: Program = Program::titled(
    "commands by first letter",
    &["commands", "letters", "chart"],
    r#"ls /bin | cut -c 1 | sort | uniq -c | sort -nr | head -n 15 | awk '
NR == 1 { max = $1 }
{ bar = ""; for (i = 0; i < $1 * 40 / max; i++) bar = bar "█"
  printf "%s %5d \033[34m%s\033[0m\n", $2, $1, bar
  fflush(); system("sleep 0.2") }'"#,
);

/// JSON lines.
pub const SAMPLES: Program = Program {
    media_type: "application/jsonl",
    ..Program::titled(
        "load.jsonl",
        &["json", "jsonl", "samples"],
        r#"i=0
while [ "$i" -lt 12 ]; do
  i=$((i + 1))
  load=$(uptime | sed 's/.*load average[s]*: *//; s/[, ].*//')
  printf '{"sample":%d,"time":"%s","load":%s}\n' "$i" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${load:-null}"
  sleep 1
done"#,
    )
};

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;

    #[test]
    fn every_script_is_good_shell_and_leaves_files_and_network_alone() {
        for program in ALL {
            let parsed = std::process::Command::new("sh")
                .args(["-n", "-c", program.script])
                .status()
                .expect("sh runs");
            assert!(parsed.success(), "{}", program.title);
            let without = program
                .script
                .replace(">/dev/null", "")
                .replace("2>&1", "")
                .replace(">&2", "");
            for word in [
                "> ", ">>", "rm ", "curl", "ping", "env", "$HOME", "/etc", "tee ",
            ] {
                assert!(!without.contains(word), "{}: {word}", program.title);
            }
        }
    }

    #[tokio::test]
    async fn output_comes_with_the_status_and_without_the_environment() {
        let shown = Program::plain(&[], "set; exit 7");
        let (mut running, mut output) = shown.start().expect("sh starts");
        let mut text = String::new();
        output.read_to_string(&mut text).await.expect("read");
        assert_eq!(running.wait().await.expect("ended").code(), Some(7));
        assert!(text.contains("TERM="), "{text}");
        assert!(!text.contains("CARGO"), "{text}");
    }
}
