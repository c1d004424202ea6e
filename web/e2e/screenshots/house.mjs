// A server of its own with people and meetings in it, so that screens have something to show.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dressed } from "./people.mjs";

const ROOT = new URL("../../../", import.meta.url).pathname;
const INSTALLED = join(ROOT, ".venv/bin/meetinghouse");
const PROGRAM = existsSync(INSTALLED) ? [INSTALLED] : [join(ROOT, ".venv/bin/python"), "-m", "meetinghouse"];
const ENVIRONMENT = { ...process.env, PYTHONPATH: join(ROOT, "src"), PYTHONUNBUFFERED: "1" };
const READY_MS = 30_000;
const PASSWORD = "quiet-otter-balcony-41";

/** Who sits in the meeting beside the one whose screen is taken; `look` is how they are drawn. */
const GUESTS = [
  { name: "王小明", look: 1 },
  { name: "Maya Okafor", look: 2 },
  { name: "ليلى حداد", look: 3 },
  { name: "Bartholomew Featherstonehaugh", look: 4 },
];

/** Who fills the large galleries without a camera: names that are hard to fit, in several scripts. */
const CROWD = [
  "对话很长的中文名字与公司部门全称",
  "Wolfeschlegelsteinhausenbergerdorffwelche",
  "عبد الرحمن بن عبد العزيز الخطيب",
  "Zoë",
  "欧阳娜娜",
  "Søren Aabye",
  "José María Álvarez de Sotomayor",
  "陳大文",
  "נועה כהן",
  "Ngozi Adichie",
  "佐藤 美咲",
  "Priya Raghunathan",
  "Олександра Шевченко",
  "Li",
  "김민준",
  "Ivo Novák",
  "赵云",
  "Tomasz Wiśniewski",
  "Hana",
  "周杰",
];

export class House {
  #process;
  #directory;
  #browser;
  #states = new Map();
  #guests = [];
  #host;
  #office;
  #chatted = false;
  url = "";
  /** The meeting that the guests are in; `calm` has no lobby, `guarded` has one; nobody is in `quiet`. */
  calm;
  guarded;
  quiet;

  static async open(browser) {
    const house = new House();
    house.#browser = browser;
    house.#directory = mkdtempSync(join(tmpdir(), "meetinghouse-screens-"));
    await house.#start();
    await house.#furnish();
    return house;
  }

  /** The cookies of "owner" or "member", for a new browser context. */
  signedIn(who) {
    return this.#states.get(who);
  }

  async #start() {
    const data = join(this.#directory, "data");
    const ready = join(this.#directory, "ready.json");
    this.#process = spawn(
      PROGRAM[0],
      [
        ...PROGRAM.slice(1),
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--media",
        "127.0.0.1:0",
        "--data",
        data,
        "--ready-file",
        ready,
      ],
      { cwd: this.#directory, env: ENVIRONMENT, stdio: ["ignore", "ignore", "inherit"] },
    );
    const end = Date.now() + READY_MS;
    while (!existsSync(ready)) {
      if (Date.now() > end || this.#process.exitCode !== null) throw new Error("the server did not start");
      await sleep(100);
    }
    this.url = JSON.parse(readFileSync(ready, "utf8")).url;
  }

  #ownerLink() {
    const written = execFileSync(
      PROGRAM[0],
      [...PROGRAM.slice(1), "owner", "link", "--data", join(this.#directory, "data"), "--json"],
      { env: ENVIRONMENT, encoding: "utf8" },
    );
    return /#t=([A-Za-z0-9_.~-]+)/.exec(written)[1];
  }

  /** Enrols by a one-time link and keeps the cookies under `who`. */
  async #enrol(who, token, fields) {
    const context = await this.#browser.newContext({ baseURL: this.url });
    const page = await context.newPage();
    await page.goto("/sign-in");
    await call(page, "POST", "/enrolments", { token, password: PASSWORD, ...fields });
    this.#states.set(who, await context.storageState());
    return page;
  }

  async #furnish() {
    const owner = await this.#enrol("owner", this.#ownerLink(), {
      name: "Ana Ruiz",
      email: "ana@example.org",
    });
    const post = (path, body) => call(owner, "POST", path, body);
    const invited = await post("/members", { email: "chen.jingyi@example.org", name: "陈静怡" });
    await this.#enrol("member", invited.link.split("#t=")[1], {});
    await post("/members", {
      email: "bartholomew@example.org",
      name: "Bartholomew Featherstonehaugh",
      role: "admin",
    });
    await post("/members", { email: "layla.haddad@example.org", name: "ليلى حداد" });
    await post("/members", { email: "m.okafor@example.org", name: "Maya Okafor" });
    const soon = Math.ceil((Date.now() + 60_000) / 1_800_000) * 1_800_000;
    const plan = (hours, fields) =>
      post("/meetings", {
        starts_at: new Date(soon + hours * 3_600_000).toISOString(),
        duration_minutes: 45,
        time_zone: "Europe/Madrid",
        ...fields,
      });
    await plan(0, { title: "Design review" });
    await plan(1, {
      title: "产品与工程周会",
      time_zone: "Asia/Shanghai",
      recurrence: "FREQ=WEEKLY",
      duration_minutes: 60,
    });
    await plan(26, { title: "Board: quarterly figures", duration_minutes: 90, time_zone: "Europe/London" });
    await plan(50, { title: "Interview with Maya Okafor" });
    this.calm = await post("/meetings", {
      title: "Design review",
      settings: { lobby: false, passcode: true },
    });
    this.guarded = await post("/meetings", { title: "产品与工程周会", settings: { lobby: true } });
    this.quiet = await post("/meetings", { title: "Tea 茶歇", settings: { lobby: false } });
    this.empty = await post("/meetings", { title: "Over", settings: { lobby: false } });
    this.#office = owner;
  }

  /** Calls the API as the owner. */
  api(method, at, body) {
    return call(this.#office, method, at, body);
  }

  /** Sends away whom an earlier picture left in the meeting: the page was closed, not left. */
  async sweep(meeting, name) {
    const { items } = await this.api("GET", `/meetings/${meeting.id}/participants`);
    for (const { id } of items.filter((participant) => participant.name === name)) {
      await this.api("POST", `/meetings/${meeting.id}/participants/${id}/remove`, {});
    }
  }

  /** Seats the guests in the calm meeting, once; they stay for all scenes that need company. */
  async company() {
    if (this.#guests.length > 0) return this.#guests;
    for (const guest of GUESTS) {
      const context = await this.#browser.newContext({
        baseURL: this.url,
        locale: "en",
        viewport: { width: 480, height: 320 },
      });
      await context.addInitScript(dressed, guest.look);
      const page = await context.newPage();
      this.#guests.push(page);
      await page.goto(path(this.calm));
      await page.getByLabel("Your name").fill(guest.name);
      await page.getByRole("button", { name: "Join", exact: true }).click();
      await page.getByRole("button", { name: "Leave", exact: true }).waitFor();
    }
    return this.#guests;
  }

  /** A conversation in the calm meeting, once. */
  async conversation() {
    const guests = await this.company();
    if (this.#chatted) return;
    this.#chatted = true;
    for (const [guest, text] of [
      [1, "Good morning! The figures are at https://example.org/harbour/2026/visitors?by=month"],
      [0, "早上好，我看一下。九月比八月还多？"],
      [0, "会后我把中文版也发给大家。"],
      [2, "صباح الخير، شكرًا على الأرقام."],
      [3, "September had the tall ships: three weekends, and the best weather of the year on all of them."],
    ]) {
      const page = guests[guest];
      await page.locator("body").press("Alt+h");
      await page.getByLabel("Message", { exact: true }).fill(text);
      await page.keyboard.press("Enter");
      await page.getByText(text.slice(0, 12)).first().waitFor();
      await page.locator("body").press("Alt+h");
    }
  }

  /** `count` people without microphone and camera, who only sit there; gives the page that they leave with. */
  async crowd(meeting, count) {
    const context = await this.#browser.newContext({ baseURL: this.url });
    const page = await context.newPage();
    await page.goto("/join");
    const tickets = [];
    for (const name of CROWD.slice(0, count)) {
      tickets.push((await this.api("POST", `/meetings/${meeting.id}/tickets`, { name })).ticket);
    }
    await page.evaluate(sitDown, tickets);
    return {
      leave: async () => {
        await page.evaluate(() => globalThis.standUp());
        await context.close();
      },
    };
  }

  /** One more guest with a camera, who leaves with the returned page's context. */
  async guest(meeting, { name, look }) {
    const context = await this.#browser.newContext({ baseURL: this.url, locale: "en" });
    await context.addInitScript(dressed, look);
    const page = await context.newPage();
    await page.goto(path(meeting));
    await page.getByLabel("Your name").fill(name);
    await page.getByRole("button", { name: "Join", exact: true }).click();
    await page.getByRole("button", { name: "Leave", exact: true }).waitFor();
    return page;
  }

  /** Puts the host into the guarded meeting, once: before that nobody waits, because it has not started. */
  async host() {
    if (this.#host !== undefined) return this.#host;
    const context = await this.#browser.newContext({
      baseURL: this.url,
      storageState: this.signedIn("owner"),
    });
    await context.addInitScript(dressed, 0);
    this.#host = await context.newPage();
    await this.#host.goto(path(this.guarded));
    await this.#host.getByLabel("Your name").fill("Ana Ruiz");
    await this.#host.getByRole("button", { name: "Join", exact: true }).click();
    await this.#host.getByRole("button", { name: "Leave", exact: true }).waitFor();
    return this.#host;
  }

  /** Takes that host out again, for pictures of the host's own screen. */
  async withoutHost() {
    await this.#host?.context().close();
    this.#host = undefined;
    await this.sweep(this.guarded, "Ana Ruiz");
  }

  /** Ends the server first: whatever becomes of the browser, nothing is left behind. */
  async close() {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    await ended;
    const pages = [...this.#guests, this.#host, this.#office].filter((page) => page !== undefined);
    await Promise.allSettled(pages.map((page) => page.context().close()));
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Runs in a page: a signalling connection for each ticket; resolves when all are in the meeting. */
async function sitDown(tickets) {
  const seats = await Promise.all(
    tickets.map(
      (ticket) =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket(`${location.origin.replace("http", "ws")}/signal`, "meetinghouse.v1");
          socket.onopen = () => socket.send(JSON.stringify({ type: "hello", ticket }));
          socket.onclose = () => reject(new Error("the crowd was not let in"));
          socket.onmessage = ({ data }) => JSON.parse(data).type === "snapshot" && resolve(socket);
        }),
    ),
  );
  let id = 0;
  const say = (type) => seats.map((socket) => socket.send(JSON.stringify({ type, id: ++id })));
  setInterval(() => say("ping"), 5_000);
  globalThis.standUp = async () => {
    const gone = seats.map((socket) => new Promise((resolve) => (socket.onclose = resolve)));
    say("leave");
    await Promise.all(gone);
  };
}

/** The path and fragment of a meeting's link. */
export function path(meeting) {
  const { pathname, hash } = new URL(meeting.join_url);
  return pathname + hash;
}

/** Calls the API as the page's own origin, with its cookies. */
export function call(page, method, at, body) {
  return page.evaluate(
    async ([verb, where, what]) => {
      const response = await fetch(`/api/v1${where}`, {
        method: verb,
        headers: { "Content-Type": "application/json" },
        body: what === undefined ? null : JSON.stringify(what),
      });
      if (!response.ok) throw new Error(`${verb} ${where}: ${response.status} ${await response.text()}`);
      return response.status === 204 ? null : response.json();
    },
    [method, at, body],
  );
}
