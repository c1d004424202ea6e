//! Connections from the asking to the end.

use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use super::{Load, Phase, UNKNOWN_AGAIN, UNKNOWN_PATIENCE};
use crate::http::{Request, Response};
use crate::sdp::Way;
use crate::seat::{Seat, Surroundings};

/// More watchers for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surge {
    Before,
    /// Whose seats lie behind this one.
    Since(usize),
    Over,
}

impl Load<'_> {
    /// A new connection, whose offer is on its way.
    pub(super) fn open(&mut self, now: Instant, way: Way, stream: usize) -> Result<usize, String> {
        let at = self.seats.len();
        let opened = Seat::open(now, at as u32, way, stream, &self.identity, self.local);
        let seat = opened.map_err(|error| {
            format!("No further socket can be opened: {error}. Raise the limit of open files (ulimit -n), or ask for fewer.")
        })?;
        let added = self.epoll.add(seat.socket.as_raw_fd(), at as u64);
        added.map_err(|error| format!("No further socket can be waited for: {error}."))?;
        self.seats.push(Some(Box::new(seat)));
        self.ask(at);
        Ok(at)
    }

    pub(super) fn ask(&mut self, at: usize) {
        let Some(Some(seat)) = self.seats.get(at) else { return };
        let place = &self.options.places[seat.stream];
        let url = if seat.way == Way::Publish { &place.whip } else { &place.whep };
        let (url, token) = (url.clone(), place.token.clone());
        // A bound socket knows its address.
        let Ok(body) = seat.offer(&self.identity, self.options.style) else { return };
        self.http.ask(Request { method: "POST", url, token, body, tag: at as u64 });
    }

    /// Something has come of a request.
    pub(super) fn outcome(
        &mut self,
        now: Instant,
        at: usize,
        outcome: Result<Response, String>,
    ) -> Result<(), String> {
        let Some(Some(seat)) = self.seats.get_mut(at) else { return Ok(()) }; // gone meanwhile, or a DELETE
        let place = &self.options.places[seat.stream];
        let url = if seat.way == Way::Publish { &place.whip } else { &place.whep };
        let response = match outcome {
            Ok(response) => response,
            Err(sentence) => return self.failed(at, &sentence),
        };
        if response.status == 404 && seat.way == Way::Watch && now < seat.times.asked + UNKNOWN_PATIENCE {
            self.again.push_back((now + UNKNOWN_AGAIN, at));
            return Ok(());
        }
        if response.status / 100 != 2 {
            let sentence = refusal(seat.way, &url.authority, &url.path, &response);
            return self.failed(at, &sentence);
        }
        seat.session = response.location.as_deref().and_then(|location| url.join(location));
        let around = &mut Surroundings {
            index: at,
            network: &mut self.network,
            style: self.options.style,
            clock: self.clock,
        };
        match seat.answered(now, &response.body, self.server, around) {
            Ok(()) => Ok(()),
            Err(reason) => self.failed(at, &format!("http://{}{}: {reason}.", url.authority, url.path)),
        }
    }

    /// Before the measured time one failure is the end; later it is counted, unless it is a publisher's.
    pub(super) fn failed(&mut self, at: usize, sentence: &str) -> Result<(), String> {
        let watches = self.seats[at].as_ref().is_some_and(|seat| seat.way == Way::Watch);
        if self.phase != Phase::Measuring || !watches {
            return Err(sentence.to_owned());
        }
        self.meter.joins.failed += 1;
        self.meter.joins.first_failure.get_or_insert_with(|| sentence.to_owned());
        self.retire(at, false);
        Ok(())
    }

    /// All watchers are gone without a word, and want to come back.
    pub(super) fn storm(&mut self) {
        self.stormed = true;
        for at in 0..self.seats.len() {
            if let Some(stream) =
                self.seats[at].as_ref().filter(|seat| seat.way == Way::Watch).map(|seat| seat.stream)
            {
                self.retire(at, false);
                self.joining.push(stream);
            }
        }
    }

    /// More watchers come for the second third, and leave.
    pub(super) fn surge(&mut self, now: Instant, time: Duration) {
        let third = self.options.measured / 3;
        match self.surge {
            Surge::Before if time >= third => {
                self.surge = Surge::Since(self.seats.len());
                self.joining = vec![0; self.options.surge];
                self.next_join = now;
            }
            Surge::Since(first) if time >= 2 * third => {
                self.surge = Surge::Over;
                self.joining.clear();
                (first..self.seats.len()).for_each(|at| self.retire(at, true));
            }
            _ => {}
        }
    }

    /// Takes a connection away, with or without telling the server.
    pub(super) fn retire(&mut self, at: usize, tell: bool) {
        let Some(seat) = self.seats[at].take() else { return };
        self.retired.add(&seat);
        if let (Some(url), true) = (seat.session, tell) {
            let token = self.options.places[seat.stream].token.clone();
            self.http.ask(Request { method: "DELETE", url, token, body: String::new(), tag: at as u64 });
        }
    }
}

/// What to do about an answer that is a no.
fn refusal(way: Way, authority: &str, path: &str, response: &Response) -> String {
    let Response { status, body, .. } = response;
    let told: String = body.chars().filter(|letter| !letter.is_control()).take(200).collect();
    let (name, verb) = if way == Way::Publish { ("WHIP", "publish") } else { ("WHEP", "watch") };
    let what = match status {
        401 | 403 => {
            format!("the ticket may not {verb} here. Give one that may, in --streams or in SFU_LOAD_TOKEN")
        }
        404 => format!("there is nothing to {verb} at this address. Check it"),
        405 => format!("this is no {name} address. Check it"),
        429 => {
            "the server limits requests. Join more slowly (--joins-per-second), or lift its limit".to_owned()
        }
        400..=499 => "the server does not take the offer".to_owned(),
        _ => "the server failed".to_owned(),
    };
    format!("http://{authority}{path} answers {status}: {what}. It says: {told}")
}
