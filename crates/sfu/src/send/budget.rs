//! How much may be sent again: a receiver that asks for everything must not double what the server sends.

/// At most saved up: a burst of 8 lost packets in each of 25 slots.
const CAPACITY: i64 = 256 * 1024;

/// Granted at the start, when nothing was earned yet: one key frame.
const FIRST: i64 = 64 * 1024;

/// Bytes that retransmissions may still take. Each byte of media earns one: at 30 % loss repairs need 0.43 of them.
#[derive(Debug)]
pub(crate) struct RepairBudget {
    left: i64,
}

impl Default for RepairBudget {
    fn default() -> Self {
        Self { left: FIRST }
    }
}

impl RepairBudget {
    pub(crate) fn earn(&mut self, bytes: usize) {
        self.left = (self.left + bytes as i64).min(CAPACITY);
    }

    pub(crate) fn allows(&self, bytes: usize) -> bool {
        self.left >= bytes as i64
    }

    pub(crate) fn spend(&mut self, bytes: usize) {
        self.left -= bytes as i64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_was_sent_and_the_advance() {
        let mut budget = RepairBudget::default();
        budget.earn(1_000);
        let mut sent = 0;
        while budget.allows(1_200) {
            budget.spend(1_200);
            sent += 1_200;
        }
        assert!(sent <= FIRST + 1_000);
        for _ in 0..1_000 {
            budget.earn(1_200);
        }
        assert!(!budget.allows(CAPACITY as usize + 1));
    }
}
