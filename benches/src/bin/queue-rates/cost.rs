//! CPU seconds of this process and of a database server.

use std::fs;
use std::time::Instant;

/// Whose CPU counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    server: Option<u32>,
}

/// CPU seconds used up to a moment.
#[derive(Debug)]
pub(crate) struct Reading {
    client: f64,
    server: f64,
    at: Instant,
}

/// What some work on rows has cost.
#[derive(Debug)]
pub(crate) struct Measured {
    rows: u32,
    client: f64,
    server: f64,
    wall: f64,
}

impl Clock {
    pub(crate) fn of_this_process() -> Self {
        Self { server: None }
    }

    /// Also the server whose first process has this number.
    pub(crate) fn with_server(postmaster: u32) -> Self {
        Self {
            server: Some(postmaster),
        }
    }

    pub(crate) fn now(self) -> anyhow::Result<Reading> {
        Ok(Reading {
            client: ticks("/proc/self/stat", false)?.1,
            server: self.server.map_or(Ok(0.0), server_seconds)?,
            at: Instant::now(),
        })
    }
}

impl Reading {
    pub(crate) fn since(&self, earlier: &Self, rows: u32) -> Measured {
        Measured {
            rows,
            client: self.client - earlier.client,
            server: self.server - earlier.server,
            wall: (self.at - earlier.at).as_secs_f64(),
        }
    }
}

impl Measured {
    pub(crate) fn print(&self, what: &str, round: u32) {
        let rows = f64::from(self.rows);
        let micros = |seconds: f64| (seconds / rows * 1e8).round() / 100.0;
        let figure = serde_json::json!({
            "what": what, "round": round, "rows": self.rows,
            "client_us": micros(self.client), "server_us": micros(self.server),
            "cpu_us": micros(self.client + self.server),
            "rows_per_core_second": (rows / (self.client + self.server)).round(),
            "rows_per_second": (rows / self.wall).round(),
        });
        println!("{figure}");
    }
}

/// The server's processes, and those that have ended.
fn server_seconds(postmaster: u32) -> anyhow::Result<f64> {
    let mut seconds = ticks(&format!("/proc/{postmaster}/stat"), true)?.1;
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path().join("stat");
        // Processes come and go while they are listed.
        if let Ok((parent, used)) = ticks(&path.display().to_string(), false)
            && parent == postmaster
        {
            seconds += used;
        }
    }
    Ok(seconds)
}

/// Parent and CPU seconds of a process, with those of its ended children where they are wanted (proc(5)).
fn ticks(stat: &str, with_children: bool) -> anyhow::Result<(u32, f64)> {
    let text = fs::read_to_string(stat)?;
    let (_, fields) = text
        .rsplit_once(')')
        .ok_or_else(|| anyhow::anyhow!("cannot read {stat}"))?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let number = |index: usize| -> anyhow::Result<u32> {
        Ok(fields.get(index).copied().unwrap_or_default().parse()?)
    };
    let mut used = number(11)? + number(12)?;
    if with_children {
        used += number(13)? + number(14)?;
    }
    Ok((number(1)?, f64::from(used) / 100.0))
}
