//! Descriptors of our own: for tests and load generators, which publish without an encoder.

/// One template, as the tables of §A.6.2 write it.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Layer of size; rows are ordered by it …
    pub spatial: u8,
    /// … then by the layer of frame rate.
    pub temporal: u8,
    /// For each decode target `-`, `D`, `S` or `R`.
    pub indications: &'static str,
    /// How many frames before it those are that it refers to, 1 to 16.
    pub needs: &'static [u8],
    /// For each chain how many frames ago its last one was, 0 to 15.
    pub chains: &'static [u8],
}

/// A structure.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The templates.
    pub rows: &'static [Row],
    /// The chain that protects each decode target.
    pub protected_by: &'static [u8],
    /// Sizes of the layers; empty where they are not told.
    pub sizes: &'static [(u16, u16)],
}

/// One packet's descriptor.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingDescriptor<'a> {
    /// The first packet of its frame.
    pub starts: bool,
    /// The last one.
    pub ends: bool,
    /// Number of the template.
    pub row: usize,
    /// Of the frame.
    pub frame_number: u16,
    /// The structure, in the first packet of a key frame.
    pub attached: Option<&'a Table>,
    /// What the frame refers to, where the template does not say it; 1 to 4096 frames back.
    pub needs: Option<&'a [u16]>,
}

impl OutgoingDescriptor<'_> {
    /// Appends the element of the header extension.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut bits = Writer { out, free: 0 };
        bits.put(1, self.starts.into());
        bits.put(1, self.ends.into());
        bits.put(6, self.row as u32);
        bits.put(16, self.frame_number.into());
        if self.attached.is_none() && self.needs.is_none() {
            return;
        }
        bits.put(1, self.attached.is_some().into());
        bits.put(2, 0);
        bits.put(1, self.needs.is_some().into());
        bits.put(1, 0);
        if let Some(table) = self.attached {
            table.write(&mut bits);
        }
        if let Some(needs) = self.needs {
            for back in needs {
                bits.put(2, 3);
                bits.put(12, u32::from(*back) - 1);
            }
            bits.put(2, 0);
        }
    }
}

impl Table {
    fn write(&self, bits: &mut Writer<'_>) {
        let targets = self.protected_by.len() as u32;
        bits.put(6, 0);
        bits.put(5, targets - 1);
        for two in self.rows.windows(2) {
            bits.put(
                2,
                match two[1].spatial.cmp(&two[0].spatial) {
                    std::cmp::Ordering::Equal => u32::from(two[1].temporal - two[0].temporal),
                    _ => 2,
                },
            );
        }
        bits.put(2, 3);
        for indication in self.rows.iter().flat_map(|row| row.indications.bytes()) {
            bits.put(2, b"-DSR".iter().position(|it| *it == indication).unwrap_or(0) as u32);
        }
        for row in self.rows {
            for back in row.needs {
                bits.put(5, 0x10 | u32::from(back - 1));
            }
            bits.put(1, 0);
        }
        let chains = self.rows.first().map_or(0, |row| row.chains.len()) as u32;
        bits.put_one_of(targets + 1, chains);
        if chains > 0 {
            self.protected_by.iter().for_each(|chain| bits.put_one_of(chains, (*chain).into()));
            self.rows.iter().flat_map(|row| row.chains).for_each(|back| bits.put(4, (*back).into()));
        }
        bits.put(1, (!self.sizes.is_empty()).into());
        for (width, height) in self.sizes {
            bits.put(16, u32::from(*width) - 1);
            bits.put(16, u32::from(*height) - 1);
        }
    }
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Bits of the last byte.
    free: u32,
}

impl Writer<'_> {
    fn put(&mut self, count: u32, value: u32) {
        for at in (0..count).rev() {
            if self.free == 0 {
                self.out.push(0);
                self.free = 8;
            }
            self.free -= 1;
            if let Some(last) = self.out.last_mut() {
                *last |= ((value >> at & 1) as u8) << self.free;
            }
        }
    }

    /// `ns(count)`.
    fn put_one_of(&mut self, count: u32, value: u32) {
        let width = u32::BITS - count.leading_zeros();
        let short = (1 << width) - count;
        if value < short {
            self.put(width - 1, value);
        } else {
            self.put(width, value + short);
        }
    }
}
