// A session whose participants had every kind of trouble, as the API tells it.

const STARTED = Date.parse("2026-11-23T09:00:00Z");
const MINUTES = 42;
const STEP_S = 15;
const SAMPLES = (MINUTES * 60) / STEP_S;

const moment = (seconds) => new Date(STARTED + seconds * 1000).toISOString();
/** The same on every run: what waves without being even. */
const wave = (at, phase) => 0.5 + 0.3 * Math.sin(at / 5 + phase) + 0.2 * Math.sin(at / 1.7 + phase * 3);

function participant(
  name,
  phase,
  { cause = null, from = 0, until = 0, worst = null, bad = {}, left = null },
) {
  const end = left ?? MINUTES;
  const places = Array.from({ length: (end * 60) / STEP_S }, (_, at) => at + 1);
  const isBad = (at) => cause !== null && at * STEP_S > from * 60 && at * STEP_S <= until * 60;
  const line = (key, good) =>
    places.map((at) =>
      Math.max(0, isBad(at) && key in bad ? bad[key](wave(at, phase)) : good(wave(at, phase))),
    );
  const series = {
    at: places.map((at) => moment(at * STEP_S)),
    rtt_ms: line("rtt_ms", (w) => Math.round(20 + 15 * w)),
    up_bps: line("up_bps", (w) => Math.round(900e3 + 400e3 * w)),
    up_loss: line("up_loss", (w) => 0.004 * w),
    down_bps: line("down_bps", (w) => Math.round(2.1e6 + 600e3 * w)),
    down_loss: line("down_loss", (w) => 0.003 * w),
    estimate_bps: line("estimate_bps", () => 8e6),
    frozen_ms: line("frozen_ms", () => 0),
    concealed_ms: line("concealed_ms", () => 0),
  };
  const sum = (values) => Math.round(values.reduce((so, value) => so + value, 0));
  return {
    id: name,
    name,
    role: phase === 0 ? "host" : "attendee",
    joined_at: moment(0),
    left_at: left === null ? moment(MINUTES * 60) : moment(left * 60),
    verdict: {
      cause,
      since: cause === null ? null : moment(from * 60),
      until: cause === null ? null : moment(until * 60),
      bad_seconds: (until - from) * 60,
      seconds: SAMPLES * STEP_S,
      worst,
      frozen_ms: sum(series.frozen_ms),
      concealed_ms: sum(series.concealed_ms),
    },
    series,
  };
}

const session = { id: "held", started_at: moment(0), ended_at: moment(MINUTES * 60) };

export const troubled = {
  session,
  participants: [
    participant("Ana Ruiz", 0, {}),
    participant("Maya Okafor", 1, {
      cause: "loss_down",
      from: 12,
      until: 19,
      worst: 0.18,
      bad: {
        down_loss: (w) => 0.06 + 0.12 * w,
        frozen_ms: (w) => 900 * w,
        concealed_ms: (w) => 350 * w,
        rtt_ms: (w) => Math.round(60 + 160 * w),
      },
    }),
    participant("王晓明", 2, {
      cause: "bandwidth_down",
      from: 20,
      until: 35,
      bad: { down_bps: (w) => Math.round(180e3 + 90e3 * w) },
    }),
    participant("Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren", 3, {
      cause: "delay",
      from: 2,
      until: 30,
      worst: 640,
      bad: { rtt_ms: (w) => Math.round(340 + 300 * w) },
      left: 30,
    }),
  ],
  troubled: 3,
  everybodys: false,
};

export const good = {
  session,
  participants: [participant("Ana Ruiz", 0, {}), participant("Maya Okafor", 1, {})],
  troubled: 0,
  everybodys: false,
};

export const empty = { session, participants: [], troubled: 0, everybodys: false };
