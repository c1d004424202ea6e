//! What receiver reports say about one incoming SSRC (RFC 3550 §6.4.1, appendix A).

use std::time::Instant;

use wire::rtcp::{ReportBlock, SenderInfo};

use crate::clock::ticks;

/// Counters of one SSRC.
#[derive(Debug)]
pub(crate) struct Reception {
    ssrc: u32,
    clock_rate: u32,
    epoch: Instant,
    first: u64,
    highest: u64,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    /// 16ths of a clock tick, as in appendix A.8.
    jitter: u64,
    last_transit: Option<i64>,
    expected_before: u64,
    packets_before: u64,
    /// Middle of the NTP time of the last sender report, and when it came.
    last_report: Option<(u32, Instant)>,
}

impl Reception {
    pub(crate) fn new(ssrc: u32, clock_rate: u32, first: u64, now: Instant) -> Self {
        Self {
            ssrc,
            clock_rate,
            epoch: now,
            first,
            highest: first,
            packets: 0,
            bytes: 0,
            jitter: 0,
            last_transit: None,
            expected_before: 0,
            packets_before: 0,
            last_report: None,
        }
    }

    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Counts a packet, first transmission or recovered.
    pub(crate) fn packet(&mut self, sequence: u64, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
        self.highest = self.highest.max(sequence);
        self.first = self.first.min(sequence);
    }

    /// Counts a first transmission's time into the jitter.
    pub(crate) fn arrival(&mut self, timestamp: u32, now: Instant) {
        let arrival = ticks(now.saturating_duration_since(self.epoch), self.clock_rate) as u32;
        let transit = i64::from(arrival.wrapping_sub(timestamp));
        if let Some(last) = self.last_transit.replace(transit) {
            // The difference of two 32-bit circles is read as the short way round.
            let difference = u64::from(((transit - last) as i32).unsigned_abs());
            self.jitter = (self.jitter + difference).saturating_sub((self.jitter + 8) >> 4);
        }
    }

    pub(crate) fn sender_report(&mut self, info: &SenderInfo, now: Instant) {
        self.last_report = Some((info.compact_ntp(), now));
    }

    /// The block of the next report; its fraction is of the time since the last call.
    pub(crate) fn report(&mut self, now: Instant) -> ReportBlock {
        let expected = self.expected();
        let expected_since = expected - self.expected_before;
        let packets_since = self.packets - self.packets_before;
        self.expected_before = expected;
        self.packets_before = self.packets;
        let lost_since = expected_since.saturating_sub(packets_since);
        let fraction = (lost_since << 8).checked_div(expected_since).unwrap_or(0).min(255);
        let (last_sender_report, delay) = self.last_report.map_or((0, 0), |(middle, at)| {
            (middle, ticks(now.saturating_duration_since(at), 1 << 16) as u32)
        });
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: fraction as u8,
            cumulative_lost: expected as i32 - self.packets as i32,
            highest_sequence: self.highest as u32,
            jitter: self.jitter_ticks(),
            last_sender_report,
            delay_since_last_sender_report: delay,
        }
    }

    /// Packets that should have come and did not.
    pub(crate) fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.packets)
    }

    pub(crate) fn jitter_ms(&self) -> f64 {
        f64::from(self.jitter_ticks()) * 1000.0 / f64::from(self.clock_rate)
    }

    fn jitter_ticks(&self) -> u32 {
        (self.jitter >> 4) as u32
    }

    fn expected(&self) -> u64 {
        if self.packets == 0 { 0 } else { self.highest - self.first + 1 }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn reports_losses_of_the_interval_and_of_all_time() {
        let now = crate::testing::some_moment();
        let mut reception = Reception::new(1, 90_000, 100, now);
        for sequence in [100, 101, 103] {
            reception.packet(sequence, 10);
        }
        let block = reception.report(now);
        assert_eq!((block.fraction_lost, block.cumulative_lost, block.highest_sequence), (64, 1, 103));
        reception.packet(104, 10);
        let block = reception.report(now);
        assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 1));
        assert_eq!(reception.lost(), 1);
    }

    #[test]
    fn steady_arrivals_have_no_jitter_whatever_the_circle() {
        let now = crate::testing::some_moment();
        let mut reception = Reception::new(1, 90_000, 0, now);
        for frame in 0..200_u32 {
            let timestamp = (u32::MAX - 90_000).wrapping_add(frame * 3000);
            reception.arrival(timestamp, now + Duration::from_nanos(33_333_334) * frame);
        }
        assert!(reception.jitter_ms() < 0.1);
        reception.arrival(0, now + Duration::from_secs(30));
        assert!(reception.jitter_ms() > 100.0);
    }

    #[test]
    fn repeats_the_last_sender_report_with_its_age() {
        let now = crate::testing::some_moment();
        let mut reception = Reception::new(1, 90_000, 0, now);
        let info = SenderInfo { ntp: 0x1122_3344_5566_7788, rtp_timestamp: 0, packets: 0, bytes: 0 };
        reception.sender_report(&info, now);
        let block = reception.report(now + Duration::from_millis(500));
        assert_eq!((block.last_sender_report, block.delay_since_last_sender_report), (0x3344_5566, 1 << 15));
    }
}
