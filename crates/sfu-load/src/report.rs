//! The result: for a person, as JSON, as a picture.

use std::fs;

use crate::arguments::Options;
use crate::chart;
use crate::meter::{Meter, Moment, Row, quantile, share};
use crate::process::Usage;
use crate::run::Parties;

/// A side that is on a core for this share of the time is what limits the result.
const BUSY: f64 = 0.9;

/// Writes the files that were asked for and gives the text.
pub(crate) fn write(options: &Options, meter: &Meter, parties: &Parties) -> Result<String, String> {
    let (Some(first), Some(last)) = (meter.first, meter.last) else {
        return Err("Nothing was measured.".to_owned());
    };
    let outcome = Outcome { options, meter, parties, first, last };
    if let Some(file) = &options.chart {
        let title =
            format!("{}: {} publish, {} watch", options.kind.name(), parties.publishers, parties.watchers);
        save(file, &chart::draw(&title, &meter.rows))?;
    }
    match options.json.as_deref() {
        Some("-") => Ok(outcome.json()),
        Some(file) => save(file, &outcome.json()).map(|()| outcome.text()),
        None => Ok(outcome.text()),
    }
}

fn save(file: &str, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("{file} cannot be written: {error}."))
}

struct Outcome<'a> {
    options: &'a Options,
    meter: &'a Meter,
    parties: &'a Parties,
    first: Moment,
    last: Moment,
}

/// What one side used of the measured time.
struct Side {
    cpu_seconds: f64,
    share_of_core: f64,
    us_per_packet: f64,
    resident_mb: f64,
}

impl Outcome<'_> {
    fn seconds(&self) -> f64 {
        (self.last.at - self.first.at).as_secs_f64().max(1e-9)
    }

    fn delivered(&self) -> u64 {
        self.last.totals.counts.delivered - self.first.totals.counts.delivered
    }

    /// Packets of pictures that were to be delivered, and those that were not.
    fn expected_and_lost(&self) -> (u64, u64) {
        let expected = self.last.totals.expected.saturating_sub(self.first.totals.expected);
        let received = self.last.totals.received.saturating_sub(self.first.totals.received);
        (expected, expected.saturating_sub(received))
    }

    fn side(&self, first: Usage, last: Usage) -> Side {
        let cpu_seconds = last.cpu_seconds - first.cpu_seconds;
        Side {
            cpu_seconds,
            share_of_core: cpu_seconds / self.seconds(),
            us_per_packet: 1e6 * cpu_seconds / self.delivered().max(1) as f64,
            resident_mb: last.resident_bytes as f64 / 1e6,
        }
    }

    fn server(&self) -> Option<Side> {
        self.first.server.zip(self.last.server).map(|(first, last)| self.side(first, last))
    }

    fn limit(&self) -> &'static str {
        if self.side(self.first.client, self.last.client).share_of_core >= BUSY {
            "client"
        } else if self.server().is_some_and(|side| side.share_of_core >= BUSY) {
            "server"
        } else {
            "none"
        }
    }

    fn transit_ms(&self) -> [f64; 3] {
        let mut sorted = self.meter.delays.clone();
        sorted.sort_unstable();
        [0.5, 0.99, 0.999].map(|at| f64::from(quantile(&sorted, at).unwrap_or(0)) / 1000.0)
    }

    fn json(&self) -> String {
        let Self { options, meter, parties, first, last } = self;
        let (new, old, joins) = (&last.totals, &first.totals, &meter.joins);
        let (expected, lost) = self.expected_and_lost();
        let [p50, p99, p999] = self.transit_ms();
        let style = options.style;
        let server = self.server().map_or("null".to_owned(), |side| side.json());
        let rows: Vec<String> = meter.rows.iter().map(row_json).collect();
        let first_failure =
            joins.first_failure.as_ref().map_or("null".to_owned(), |sentence| format!("{sentence:?}"));
        format!(
            r#"{{"scenario": "{}", "version": "{}", "publishers": {}, "watchers": {}, "srtp": "{}",
 "packets_per_second": {}, "frame_packets": {}, "payload_bytes": {}, "audio": {}, "loss_percent": {}, "delay_ms": {},
 "seconds": {:.3}, "sent": {}, "resent": {}, "delivered": {}, "expected": {expected}, "lost": {lost}, "share_lost": {:.6},
 "retransmitted": {}, "asked_again": {}, "damaged": {}, "unread_by_client": {}, "kpps": {:.3}, "mbit_per_second": {:.3},
 "transit_ms": {{"p50": {p50:.3}, "p99": {p99:.3}, "p999": {p999:.3}, "samples": {}}},
 "join_ms": {{"answer": {}, "connected": {}, "first_packet": {}, "first_frame": {}}}, "joins": {}, "joins_failed": {}, "first_failure": {first_failure},
 "server": {server}, "client": {}, "limit": "{}", "share_stolen": {:.5},
 "rows": [{}]}}"#,
            options.kind.name(),
            env!("CARGO_PKG_VERSION"),
            parties.publishers,
            parties.watchers,
            parties.profile,
            style.packets_per_second,
            style.packets_per_frame,
            style.payload_bytes,
            style.audio,
            100.0 * options.conditions.share_lost,
            1000.0 * options.conditions.delay.as_secs_f64(),
            self.seconds(),
            new.sent - old.sent,
            new.resent - old.resent,
            self.delivered(),
            share(lost, expected),
            new.counts.retransmitted - old.counts.retransmitted,
            new.counts.asked_again - old.counts.asked_again,
            new.counts.damaged - old.counts.damaged,
            new.unread.saturating_sub(old.unread),
            self.delivered() as f64 / self.seconds() / 1000.0,
            (new.counts.bytes - old.counts.bytes) as f64 * 8e-6 / self.seconds(),
            meter.delays.len(),
            times_json(&joins.answer),
            times_json(&joins.connected),
            times_json(&joins.packet),
            times_json(&joins.frame),
            joins.packet.len(),
            joins.failed,
            self.side(first.client, last.client).json(),
            self.limit(),
            last.share_stolen(first),
            rows.join(",\n  "),
        )
    }

    fn text(&self) -> String {
        let Self { options, meter, parties, first, last } = self;
        let (expected, lost) = self.expected_and_lost();
        let [p50, p99, _] = self.transit_ms();
        let counts = (&last.totals.counts, &first.totals.counts);
        let joins = &meter.joins;
        let server =
            self.server().map(|side| format!("  server        {}\n", side.text())).unwrap_or_default();
        let failed = joins
            .first_failure
            .as_ref()
            .map(|sentence| format!("  {} joins failed. {sentence}\n", joins.failed));
        let limit = match self.limit() {
            "client" => "this program was the limit: the server could have done more",
            "server" => "the server's core was full",
            _ => "neither side was busy",
        };
        format!(
            "{}: {} publish, {} watch, {} over {:.0} s\n  \
             delivered     {} packets, {:.1} kpps, {:.1} Mbit/s; {} retransmitted or padding\n  \
             lost          {lost} of {expected} ({:.3} %), {} of them unread by this program\n  \
             transit       p50 {p50:.2} ms, p99 {p99:.2} ms\n  \
             first packet  {} after asking (answer {}, connected {}); first key frame {}\n{server}  \
             client        {}\n{}  {limit}; {:.1} % of the machine was taken away\n",
            options.kind.name(),
            parties.publishers,
            parties.watchers,
            parties.profile,
            self.seconds(),
            self.delivered(),
            self.delivered() as f64 / self.seconds() / 1000.0,
            (counts.0.bytes - counts.1.bytes) as f64 * 8e-6 / self.seconds(),
            counts.0.retransmitted - counts.1.retransmitted,
            100.0 * share(lost, expected),
            last.totals.unread.saturating_sub(first.totals.unread),
            times_text(&joins.packet),
            times_text(&joins.answer),
            times_text(&joins.connected),
            times_text(&joins.frame),
            self.side(first.client, last.client).text(),
            failed.unwrap_or_default(),
            100.0 * last.share_stolen(first),
        )
    }
}

impl Side {
    fn json(&self) -> String {
        let Self { cpu_seconds, share_of_core, us_per_packet, resident_mb } = self;
        format!(
            r#"{{"cpu_seconds": {cpu_seconds:.2}, "share_of_core": {share_of_core:.4}, "us_per_packet": {us_per_packet:.3}, "resident_mb": {resident_mb:.1}}}"#
        )
    }

    fn text(&self) -> String {
        let Self { share_of_core, us_per_packet, resident_mb, .. } = self;
        format!(
            "{us_per_packet:.2} µs a packet, {:.0} % of a core, {resident_mb:.0} MB",
            100.0 * share_of_core
        )
    }
}

fn row_json(row: &Row) -> String {
    let Row { second, kpps, share_lost, p50_ms, p99_ms, server_share, client_share, .. } = row;
    let Row { watchers, sound, picture_kbps, .. } = row;
    let server = server_share.map_or("null".to_owned(), |share| format!("{share:.4}"));
    format!(
        r#"{{"second": {second:.2}, "kpps": {kpps:.3}, "share_lost": {share_lost:.6}, "p50_ms": {p50_ms:.3}, "p99_ms": {p99_ms:.3}, "server": {server}, "client": {client_share:.4},
   "watchers": {watchers}, "sound": {sound:.4}, "picture_kbps": {picture_kbps:.1}}}"#
    )
}

fn halves(times: &[f64]) -> Option<(f64, f64)> {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, 0.5).zip(quantile(&sorted, 0.95))
}

fn times_json(times: &[f64]) -> String {
    let pair = halves(times);
    pair.map_or("null".to_owned(), |(p50, p95)| format!(r#"{{"p50": {p50:.2}, "p95": {p95:.2}}}"#))
}

fn times_text(times: &[f64]) -> String {
    halves(times).map_or("never".to_owned(), |(p50, p95)| format!("p50 {p50:.1} ms, p95 {p95:.1} ms"))
}
