//! Who speaks: from the audio levels of RFC 6464 to the loudest four and the dominant speaker.
//!
//! Every microphone has a loudness that follows its packets and decays by time, because a silent Opus sender sends
//! next to nothing (DTX). Four are elected rather than three, so that each of the loudest still hears three others.
//! The dominant speaker is the one with the most speech of the last second or so; hysteresis keeps laughter and a
//! cough from moving every screen. Volfin & Cohen (2013) weigh three time scales for the same end; one smoothed scale
//! and a margin do here, since what depends on it is which tile is large.

use std::time::Duration;

/// Between two looks at a room: three packets of Opus. Shorter costs time per room, longer delays a newcomer's voice.
pub(crate) const TICK: Duration = Duration::from_millis(60);

/// Streams elected: three heard by everybody, and one more because nobody hears themselves.
pub(crate) const ELECTED: usize = 4;

/// Loudness in dB above silence (127 − the extension's value) from which on it counts as speech: −50 dBov.
const SPEECH: f32 = 77.0;

/// What a packet without a level counts as, in the extension's unit: loud enough to be heard, and just below speech, so that
/// an encoder that tells no levels does not pass for somebody who never stops speaking.
pub(crate) const UNKNOWN_LEVEL: u8 = 51;

/// Per tick, for the election: a voice is in at once and fades within half a second.
const FADE: f32 = 0.85;

/// A challenger must be this much louder than the quietest elected one to take its place.
const ELECTION_MARGIN: f32 = 3.0;

/// Per tick, for the activity: 1 − e^(−60 ms / 600 ms). About a second of speech brings it from 0 to 0.8.
const ACTIVITY_GAIN: f32 = 0.095;

/// Activity from which on somebody is shown as speaking, and below which no longer.
const SPEAKING: f32 = 0.35;
const SILENT: f32 = 0.15;

/// A challenger's activity must exceed the dominant speaker's by this much: at full voice against silence about 0.7 s.
const DOMINANCE_MARGIN: f32 = 0.3;

/// One microphone's voice.
#[derive(Debug, Default)]
struct Voice {
    /// For the election, in dB above silence.
    loudness: f32,
    /// Share of the recent time that was speech, 0–1.
    activity: f32,
    speaking: bool,
}

impl Voice {
    fn tick(&mut self, below_overload_db: Option<u8>) {
        let level = below_overload_db.map_or(0.0, |db| f32::from(127 - db.min(127)));
        self.loudness = level.max(self.loudness * FADE);
        let speech = if level >= SPEECH { 1.0 } else { 0.0 };
        self.activity += ACTIVITY_GAIN * (speech - self.activity);
        self.speaking = self.activity >= if self.speaking { SILENT } else { SPEAKING };
    }
}

/// The speakers of one room; `T` names a microphone.
#[derive(Debug)]
pub(crate) struct Speech<T> {
    microphones: Vec<(T, Voice)>,
    elected: Vec<T>,
    speakers: Vec<T>,
    /// Somebody else decides who is elected and who speaks ([`Self::follow`]).
    pub(crate) follows: bool,
}

/// What a call changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) elected: bool,
    pub(crate) speakers: bool,
}

impl<T: Copy + PartialEq> Speech<T> {
    pub(crate) const fn new() -> Self {
        Self { microphones: Vec::new(), elected: Vec::new(), speakers: Vec::new(), follows: false }
    }

    /// Who is heard, at most [`ELECTED`]. Only the last place has a meaning: who is not elected hears the others and not
    /// that one, so the quietest stands there.
    pub(crate) fn elected(&self) -> &[T] {
        &self.elected
    }

    /// Who speaks, the dominant speaker first; at most [`ELECTED`].
    pub(crate) fn speakers(&self) -> &[T] {
        &self.speakers
    }

    /// Nobody's microphone is on.
    pub(crate) fn is_empty(&self) -> bool {
        self.microphones.is_empty()
    }

    /// A microphone was switched on.
    pub(crate) fn add(&mut self, microphone: T) -> Changes {
        self.microphones.push((microphone, Voice::default()));
        Changes { elected: self.elect(), speakers: false }
    }

    /// A microphone was switched off, or is gone. Its place is given away at the next tick: when a large meeting ends, each
    /// change of the elected is told to everybody who is still there.
    pub(crate) fn remove(&mut self, microphone: T) -> Changes {
        self.microphones.retain(|(it, _)| *it != microphone);
        let before = self.elected.len();
        self.elected.retain(|it| *it != microphone);
        Changes { elected: self.elected.len() != before, speakers: self.listen() }
    }

    /// Lets one [`TICK`] pass. `peak` gives a microphone's loudest packet of it, as RFC 6464 measures: decibels below
    /// overload.
    pub(crate) fn tick(&mut self, mut peak: impl FnMut(T) -> Option<u8>) -> Changes {
        for (microphone, voice) in &mut self.microphones {
            voice.tick(peak(*microphone));
        }
        Changes { elected: self.elect(), speakers: self.listen() }
    }

    /// Takes over what was decided elsewhere by the same levels; returns whether others are elected than before.
    pub(crate) fn follow(&mut self, elected: Vec<T>, speakers: Vec<T>) -> bool {
        self.speakers = speakers;
        let changed = self.elected != elected;
        self.elected = elected;
        changed
    }

    fn elect(&mut self) -> bool {
        if self.follows {
            return false;
        }
        let mut changed = false;
        // Looked up once: with a thousand microphones each look is a thousand steps.
        let mut loudness = [0.0; ELECTED];
        for (microphone, voice) in &self.microphones {
            if let Some(at) = self.elected.iter().position(|it| it == microphone) {
                loudness[at] = voice.loudness;
            }
        }
        for (challenger, voice) in &self.microphones {
            if self.elected.contains(challenger) {
                continue;
            }
            if self.elected.len() < ELECTED {
                loudness[self.elected.len()] = voice.loudness;
                self.elected.push(*challenger);
                changed = true;
                continue;
            }
            let quietest = (0..ELECTED).min_by(|a, b| loudness[*a].total_cmp(&loudness[*b]));
            if let Some(at) = quietest
                && voice.loudness > loudness[at] + ELECTION_MARGIN
            {
                self.elected[at] = *challenger;
                loudness[at] = voice.loudness;
                changed = true;
            }
        }
        if let [others @ .., last] = loudness.as_slice()
            && self.elected.len() == ELECTED
            && let Some(quietest) = (0..others.len()).min_by(|a, b| others[*a].total_cmp(&others[*b]))
            && *last > others[quietest] + ELECTION_MARGIN
        {
            self.elected.swap(quietest, others.len());
            changed = true;
        }
        changed
    }

    fn listen(&mut self) -> bool {
        let microphones = &self.microphones;
        let before = self.speakers.clone();
        if self.follows {
            self.speakers.retain(|it| microphones.iter().any(|(microphone, _)| microphone == it));
            return self.speakers != before;
        }
        let voice = |of: T| microphones.iter().find(|(it, _)| *it == of).map(|(_, voice)| voice);
        let activity = |of: T| voice(of).map_or(0.0, |voice| voice.activity);
        self.speakers.retain(|it| voice(*it).is_some_and(|voice| voice.speaking));
        let newcomers = microphones.iter().filter(|(it, voice)| voice.speaking && !before.contains(it));
        self.speakers.extend(newcomers.map(|(it, _)| *it));
        // Only the first place is contested: the order of the others tells nobody anything and would flicker.
        let loudest = (1..self.speakers.len())
            .max_by(|a, b| activity(self.speakers[*a]).total_cmp(&activity(self.speakers[*b])));
        if let Some(at) = loudest
            && (before.first() != self.speakers.first()
                || activity(self.speakers[at]) > activity(self.speakers[0]) + DOMINANCE_MARGIN)
            && activity(self.speakers[at]) > activity(self.speakers[0])
        {
            self.speakers[..=at].rotate_right(1);
        }
        self.speakers.truncate(ELECTED);
        self.speakers != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Room {
        speech: Speech<usize>,
    }

    impl Room {
        fn new(microphones: usize) -> Self {
            let mut speech = Speech::new();
            for microphone in 0..microphones {
                speech.add(microphone);
            }
            Self { speech }
        }

        /// Lets `ticks` pass with a level for some of the microphones; returns how often the speakers changed.
        fn pass(&mut self, ticks: usize, levels: &[(usize, u8)]) -> usize {
            (0..ticks)
                .filter(|_| {
                    let peak = |who| levels.iter().find(|(it, _)| *it == who).map(|(_, level)| *level);
                    self.speech.tick(peak).speakers
                })
                .count()
        }

        fn elected(&self) -> Vec<usize> {
            let mut elected = self.speech.elected().to_vec();
            elected.sort_unstable();
            elected
        }
    }

    #[test]
    fn up_to_four_are_always_heard() {
        let mut room = Room::new(4);
        room.pass(1, &[]);
        assert_eq!(room.elected(), [0, 1, 2, 3]);
    }

    #[test]
    fn the_loudest_four_of_many_are_heard() {
        let mut room = Room::new(8);
        room.pass(1, &[(0, 60), (1, 60), (2, 60), (3, 60), (4, 10), (5, 20), (6, 15), (7, 90)]);
        assert!(room.elected().ends_with(&[4, 5, 6]), "{:?}", room.elected());
        room.pass(2, &[(0, 60), (1, 61), (2, 59), (3, 60), (4, 10), (5, 20), (6, 15), (7, 90)]);
        let before = room.elected();
        room.pass(20, &[(0, 60), (1, 59), (2, 61), (3, 60), (4, 10), (5, 20), (6, 15), (7, 90)]);
        assert_eq!(room.elected(), before, "a decibel moves nobody");
    }

    #[test]
    fn the_quietest_of_the_elected_stands_last() {
        let mut room = Room::new(6);
        room.pass(3, &[(0, 90), (1, 20), (2, 90), (3, 20), (4, 90), (5, 20)]);
        let loudest = &mut room.speech.elected()[..3].to_vec();
        loudest.sort_unstable();
        assert_eq!(*loudest, [1, 3, 5]);
    }

    #[test]
    fn who_tells_no_levels_is_heard_and_is_no_speaker() {
        let mut room = Room::new(6);
        room.pass(40, &[(0, 90), (1, 90), (2, 90), (3, 90), (4, UNKNOWN_LEVEL), (5, 20)]);
        assert!(room.elected().ends_with(&[4, 5]), "{:?}", room.elected());
        assert_eq!(room.speech.speakers(), [5]);
    }

    #[test]
    fn silence_decays_without_packets() {
        let mut room = Room::new(5);
        room.pass(10, &[(0, 10), (1, 10), (2, 10), (3, 10)]);
        assert_eq!(room.elected(), [0, 1, 2, 3]);
        room.pass(10, &[(1, 10), (2, 10), (3, 10), (4, 30)]);
        assert_eq!(room.elected(), [1, 2, 3, 4], "0 sent nothing any more");
    }

    #[test]
    fn a_cough_does_not_take_the_floor_and_a_second_of_speech_does() {
        let mut room = Room::new(2);
        room.pass(40, &[(0, 20)]);
        assert_eq!(room.speech.speakers(), [0]);
        assert_eq!(room.pass(3, &[(0, 20), (1, 5)]), 0);
        assert_eq!(room.pass(10, &[(0, 20)]), 0);
        room.pass(17, &[(1, 20)]);
        assert_eq!(room.speech.speakers().first(), Some(&1));
        room.pass(60, &[]);
        assert_eq!(room.speech.speakers(), []);
    }

    #[test]
    fn two_who_talk_together_do_not_flicker() {
        let mut room = Room::new(2);
        room.pass(40, &[(0, 20), (1, 22)]);
        assert_eq!(room.pass(200, &[(0, 20), (1, 18)]), 0);
    }
}
