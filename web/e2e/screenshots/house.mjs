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

export class House {
  #process;
  #directory;
  #browser;
  #states = new Map();
  #guests = [];
  #host;
  #office;
  url = "";
  /** The meeting that the guests are in; `calm` has no lobby, `guarded` has one. */
  calm;
  guarded;

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

  /** Puts the host into the guarded meeting, once: before that nobody waits, because it has not started. */
  async host() {
    if (this.#host !== undefined) return;
    const context = await this.#browser.newContext({
      baseURL: this.url,
      storageState: this.signedIn("owner"),
    });
    this.#host = await context.newPage();
    await this.#host.goto(path(this.guarded));
    await this.#host.getByLabel("Your name").fill("Ana Ruiz");
    await this.#host.getByRole("button", { name: "Join", exact: true }).click();
    await this.#host.getByRole("button", { name: "Leave", exact: true }).waitFor();
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
