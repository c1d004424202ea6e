/** Speaks to the HTTP API as the owner of a fresh installation. */

const OWNER = { name: "Olga", email: "olga@example.org", password: "correct horse battery staple" };
const LINK = /\/enrol#t=([\w.~-]+)/;
const COOKIE = "session";

export interface MeetingInfo {
  readonly id: string;
  readonly number: string;
  readonly join_url: string;
  readonly passcode: string | null;
}

export interface RosterEntry {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly streams: readonly unknown[];
}

/** How a session went for somebody. */
export interface ParticipantQuality {
  readonly name: string;
  readonly verdict: { readonly cause: string | null; readonly frozen_ms: number };
}

export class Api {
  readonly url: string;
  readonly session: string;

  private constructor(url: string, session: string) {
    this.url = url;
    this.session = session;
  }

  /** Enrols the first owner with the one-time link that the server printed when it started. */
  static async enrol(url: string, serverLog: string): Promise<Api> {
    const token = LINK.exec(serverLog)?.[1];
    if (token === undefined) {
      throw new Error(`the server printed no owner link:\n${serverLog}`);
    }
    return await Api.#with(url, { token, ...OWNER });
  }

  /** Somebody else of the organisation, who has set a password. */
  async colleague(name: string, role: "admin" | "member"): Promise<Api> {
    return await this.enrolled(await this.invite(`${name.toLowerCase()}@example.org`, role), name);
  }

  /** Invites somebody; gives the link to hand over. */
  async invite(email: string, role: "admin" | "member" = "member"): Promise<string> {
    return ((await (await this.#post("/members", { email, role })).json()) as { link: string }).link;
  }

  /** Who follows a one-time link and sets a password. */
  async enrolled(link: string, name = "Ben"): Promise<Api> {
    return await Api.#with(this.url, { token: LINK.exec(link)?.[1], name, password: OWNER.password });
  }

  static async #with(url: string, enrolment: Record<string, unknown>): Promise<Api> {
    const response = await post(`${url}/api/v1/enrolments`, enrolment, { origin: url });
    const cookie = response.headers.getSetCookie().find((line) => line.startsWith(`${COOKIE}=`));
    const session = cookie?.slice(COOKIE.length + 1).split(";")[0];
    if (session === undefined) {
      throw new Error("enrolling gave no session");
    }
    return new Api(url, session);
  }

  async createMeeting(settings: Record<string, unknown>): Promise<MeetingInfo> {
    const response = await this.#post("/meetings", { title: "Harbour meeting", settings });
    return (await response.json()) as MeetingInfo;
  }

  async roster(meeting: MeetingInfo): Promise<readonly RosterEntry[]> {
    return (await this.get<{ items: RosterEntry[] }>(`/meetings/${meeting.id}/participants`)).items;
  }

  /** How the meeting's latest session went so far. */
  async quality(meeting: MeetingInfo): Promise<readonly ParticipantQuality[]> {
    const sessions = await this.get<{ items: { id: string }[] }>(`/meetings/${meeting.id}/sessions`);
    const path = `/meetings/${meeting.id}/sessions/${sessions.items[0]?.id}/quality`;
    return (await this.get<{ participants: ParticipantQuality[] }>(path)).participants;
  }

  async ticket(meeting: MeetingInfo, name: string): Promise<string> {
    return (await this.entry(meeting, name)).ticket;
  }

  /** A ticket, and whose it is. */
  async entry(meeting: MeetingInfo, name: string): Promise<{ ticket: string; participant_id: string }> {
    const response = await this.#post(`/meetings/${meeting.id}/tickets`, { name });
    return (await response.json()) as { ticket: string; participant_id: string };
  }

  /** A metric summed over its labels. */
  async metric(name: string): Promise<number> {
    return (await this.metrics(name)).reduce((sum, value) => sum + value, 0);
  }

  /** A metric, by each of its labels. */
  async metrics(name: string): Promise<number[]> {
    const response = await fetch(`${this.url}/metrics`);
    await refuseFailure(response);
    return (await response.text())
      .split("\n")
      .filter((line) => line.startsWith(name) && /^[ {]/.test(line.slice(name.length)))
      .map((line) => Number(line.slice(line.lastIndexOf(" "))));
  }

  async get<Answer>(path: string): Promise<Answer> {
    const response = await fetch(`${this.url}/api/v1${path}`, { headers: this.#headers() });
    await refuseFailure(response);
    return (await response.json()) as Answer;
  }

  #post(path: string, body: unknown): Promise<Response> {
    return post(`${this.url}/api/v1${path}`, body, this.#headers());
  }

  #headers(): Record<string, string> {
    return { cookie: `${COOKIE}=${this.session}`, origin: this.url };
  }
}

async function post(url: string, body: unknown, headers: Record<string, string>): Promise<Response> {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await refuseFailure(response);
  return response;
}

async function refuseFailure(response: Response): Promise<void> {
  if (!response.ok) {
    throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
  }
}
