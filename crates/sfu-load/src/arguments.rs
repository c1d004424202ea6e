//! The command line. Tickets never stand on it: they come from a file or from the environment.

use std::fs;
use std::io::{Read, stdin};
use std::time::Duration;

use crate::film::LEAST_BYTES;
use crate::http::Url;
use crate::network::Conditions;
use crate::publisher::Style;
use crate::scenario::Kind;

/// What `--help` says.
pub const HELP: &str = "\
Puts load on a WHIP and WHEP server and says how it bore it.

sfu-load SCENARIO (--streams FILE | --whip URL --whep URL) [OPTION…]

Scenarios
  webinar   one publishes, --watchers watch; or --publishers do, and the watchers are shared out among them
  meeting   --people publish, and each watches all others
  churn     a webinar; meanwhile watchers come at --joins-per-second and leave after --stay
  storm     a webinar; halfway all watchers vanish without a word and come back at once
  surge     a webinar; for the second third of the measured time --surge more watch

Where
  --streams FILE          a line for each publisher: its WHIP address, its WHEP address and, if the server wants one, a
                          ticket that may do both; - reads standard input
  --whip URL --whep URL   the same for servers with one pattern of addresses: {} is the publisher's number, from 0;
                          the ticket is SFU_LOAD_TOKEN of the environment

How much
  --watchers N            100     --people N              10      --surge N               100
  --publishers N          1       of a webinar or churn
  --packets-per-second N  200     of pictures, for each publisher
  --frame-packets N       1       packets of one frame, which leave together
  --payload BYTES         1100
  --audio                         50 packets of sound a second more
  --simulcast                     two smaller layers more, with a third and a ninth of the packets; these pictures
                                  have the heads of three sizes and do not decode
  --joins-per-second N    50      --stay SECONDS          10
  --seconds N             10      what is measured        --warm-up SECONDS  2
  --loss PERCENT          0       --delay MS              0    each way, made in this process

What to tell
  --pid PID               the server's process: its CPU time and memory are told as well
  --json FILE             the whole result; - is standard output
  --chart FILE            a picture (SVG) of rate, loss, delay and CPU over time
  --quiet                 no progress bar
";

/// Where one publisher's stream goes and comes from.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) whip: Url,
    pub(crate) whep: Url,
    pub(crate) token: Option<String>,
}

/// Everything that was asked for.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) kind: Kind,
    pub(crate) places: Vec<Place>,
    pub(crate) watchers: usize,
    pub(crate) surge: usize,
    pub(crate) style: Style,
    pub(crate) joins_per_second: f64,
    pub(crate) stay: Duration,
    pub(crate) measured: Duration,
    pub(crate) warm_up: Duration,
    pub(crate) conditions: Conditions,
    pub(crate) pid: Option<u32>,
    pub(crate) json: Option<String>,
    pub(crate) chart: Option<String>,
    pub(crate) quiet: bool,
}

/// Why the program ends before it begins.
#[derive(Debug)]
pub enum Stop {
    /// It was asked what it does.
    Help,
    /// A sentence that says what to write instead.
    Wrong(String),
}

impl From<String> for Stop {
    fn from(sentence: String) -> Self {
        Self::Wrong(sentence)
    }
}

/// What was written, before it is checked.
struct Written {
    words: Vec<(String, Option<String>)>,
}

impl Written {
    fn text(&self, name: &str) -> Option<&str> {
        self.words.iter().rfind(|(word, _)| word == name).and_then(|(_, value)| value.as_deref())
    }

    fn is_set(&self, name: &str) -> bool {
        self.words.iter().any(|(word, _)| word == name)
    }

    /// A number within bounds.
    fn number(&self, name: &str, default: f64, (least, most): (f64, f64)) -> Result<f64, String> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("{name} {text}: write a number from {least} to {most}."))
    }

    fn count(&self, name: &str, default: u32, bounds: (u32, u32)) -> Result<u32, String> {
        let number = self.number(name, f64::from(default), (f64::from(bounds.0), f64::from(bounds.1)))?;
        if number.fract() == 0.0 {
            Ok(number as u32)
        } else {
            Err(format!("{name} {number}: write a whole number."))
        }
    }
}

const VALUED: [&str; 19] = [
    "--streams",
    "--whip",
    "--whep",
    "--watchers",
    "--people",
    "--surge",
    "--publishers",
    "--packets-per-second",
    "--frame-packets",
    "--payload",
    "--joins-per-second",
    "--stay",
    "--seconds",
    "--warm-up",
    "--loss",
    "--delay",
    "--pid",
    "--json",
    "--chart",
];
const PLAIN: [&str; 3] = ["--audio", "--simulcast", "--quiet"];

impl Options {
    /// Reads what was written after the program's name. `token` is `SFU_LOAD_TOKEN`.
    pub fn parse(arguments: impl IntoIterator<Item = String>, token: Option<&String>) -> Result<Self, Stop> {
        let mut arguments = arguments.into_iter();
        let scenario = arguments.next().unwrap_or_default();
        let mut words = Vec::new();
        if scenario == "--help" || scenario == "-h" {
            return Err(Stop::Help);
        }
        let kind = Kind::named(&scenario).ok_or_else(|| {
            format!("{scenario:?} is no scenario: write webinar, meeting, churn, storm or surge first (--help tells of them).")
        })?;
        while let Some(word) = arguments.next() {
            if word == "--help" || word == "-h" {
                return Err(Stop::Help);
            }
            if PLAIN.contains(&word.as_str()) {
                words.push((word, None));
            } else if VALUED.contains(&word.as_str()) {
                let value = arguments.next().ok_or_else(|| format!("{word} wants a value after it."))?;
                words.push((word, Some(value)));
            } else {
                return Err(Stop::Wrong(format!("There is no option {word}: --help lists them.")));
            }
        }
        let written = Written { words };
        let people = written.count("--people", 10, (2, 1000))? as usize;
        let publishers = match kind {
            Kind::Meeting => people,
            Kind::Webinar | Kind::Churn => written.count("--publishers", 1, (1, 1000))? as usize,
            Kind::Storm | Kind::Surge => 1,
        };
        let seconds =
            |name, default, bounds| written.number(name, default, bounds).map(Duration::from_secs_f64);
        let loss = written.number("--loss", 0.0, (0.0, 90.0))?;
        let delay = written.number("--delay", 0.0, (0.0, 5000.0))?;
        let pid = written.count("--pid", 0, (0, u32::MAX))?;
        Ok(Self {
            kind,
            places: places(&written, publishers, token)?,
            watchers: written.count("--watchers", 100, (1, 20_000))? as usize,
            surge: written.count("--surge", 100, (1, 20_000))? as usize,
            style: Style {
                packets_per_second: written.count("--packets-per-second", 200, (1, 100_000))?,
                packets_per_frame: written.count("--frame-packets", 1, (1, 500))?,
                payload_bytes: written.count("--payload", 1100, (LEAST_BYTES as u32, 1180))? as usize,
                audio: written.is_set("--audio"),
                simulcast: written.is_set("--simulcast"),
            },
            joins_per_second: written.number("--joins-per-second", 50.0, (0.1, 10_000.0))?,
            stay: seconds("--stay", 10.0, (0.1, 3600.0))?,
            measured: seconds("--seconds", 10.0, (1.0, 86_400.0))?,
            warm_up: seconds("--warm-up", 2.0, (0.0, 600.0))?,
            conditions: Conditions {
                share_lost: loss / 100.0,
                delay: Duration::from_secs_f64(delay / 1000.0),
            },
            pid: (pid > 0).then_some(pid),
            json: written.text("--json").map(str::to_owned),
            chart: written.text("--chart").map(str::to_owned),
            quiet: written.is_set("--quiet"),
        })
    }
}

fn places(written: &Written, publishers: usize, token: Option<&String>) -> Result<Vec<Place>, String> {
    if let Some(file) = written.text("--streams") {
        let places = listed(file)?;
        if places.len() < publishers {
            let have = places.len();
            return Err(format!("{file} has {have} lines, and {publishers} publishers want one each."));
        }
        return Ok(places.into_iter().take(publishers).collect());
    }
    let (Some(whip), Some(whep)) = (written.text("--whip"), written.text("--whep")) else {
        return Err("Say where the server is: --whip URL and --whep URL, or --streams FILE.".to_owned());
    };
    if publishers > 1 && !(whip.contains("{}") && whep.contains("{}")) {
        return Err(
            "Each publisher wants an address of its own: write {} where its number belongs.".to_owned()
        );
    }
    (0..publishers)
        .map(|number| {
            let url = |text: &str| Url::parse(&text.replace("{}", &number.to_string()));
            Ok(Place { whip: url(whip)?, whep: url(whep)?, token: token.cloned() })
        })
        .collect()
}

fn listed(file: &str) -> Result<Vec<Place>, String> {
    let mut text = String::new();
    if file == "-" {
        stdin()
            .read_to_string(&mut text)
            .map_err(|error| format!("Standard input cannot be read: {error}."))?;
    } else {
        text = fs::read_to_string(file).map_err(|error| format!("{file} cannot be read: {error}."))?;
    }
    let mut places = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ([whip, whep] | [whip, whep, _]) = words[..] else {
            return Err(format!(
                "{file}, line {number}: write a WHIP address, a WHEP address, and a ticket if one is wanted."
            ));
        };
        let token = words.get(2).map(|&token| token.to_owned());
        places.push(Place { whip: Url::parse(whip)?, whep: Url::parse(whep)?, token });
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Stop> {
        Options::parse(line.split(' ').map(str::to_owned), Some(&"ticket".to_owned()))
    }

    fn sentence(line: &str) -> String {
        match parse(line) {
            Err(Stop::Wrong(sentence)) => sentence,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_pattern_of_addresses_has_one_for_each_publisher() {
        let options =
            parse("meeting --people 3 --whip http://h:1/{}/whip --whep http://h:1/{}/whep --audio").unwrap();
        let paths: Vec<_> = options.places.iter().map(|place| place.whep.path.as_str()).collect();
        assert_eq!(paths, ["/0/whep", "/1/whep", "/2/whep"]);
        assert_eq!(options.places[0].token.as_deref(), Some("ticket"));
        assert!(options.style.audio);
    }

    #[test]
    fn what_is_wrong_is_told_with_what_to_write() {
        let place = "--whip http://h:1/a --whep http://h:1/b";
        assert!(sentence("webiner").contains("webinar, meeting, churn, storm or surge"));
        assert!(sentence("webinar").contains("--whip URL"));
        assert!(sentence(&format!("webinar {place} --watchers many")).contains("a number from 1"));
        assert!(sentence(&format!("webinar {place} --watchers 1.5")).contains("whole number"));
        assert!(sentence(&format!("webinar {place} --watchers")).contains("wants a value"));
        assert!(sentence(&format!("webinar {place} --payload 20")).contains("--payload 20"));
        assert!(sentence(&format!("webinar {place} --fast")).contains("--help"));
        assert!(sentence(&format!("meeting {place}")).contains("{}"));
        assert!(sentence("webinar --streams /nowhere").contains("/nowhere"));
        assert!(matches!(parse("webinar --help"), Err(Stop::Help)));
    }
}
