// What is on each picture: who is signed in, and how one gets there.

import { identity, partners, plans, statements, tenants } from "./channel.mjs";
import { path } from "./house.mjs";
import * as market from "./market.mjs";
import * as quality from "./quality.mjs";

/** Pictures that the README shows. */
export const README = {
  "meeting-chat.en.desktop.light.png": "meeting.png",
  "home.en.desktop.light.png": "home.png",
  "meeting-gallery.en.phone.light.png": "phone.png",
  "meeting-chat.zh-CN.desktop.light.png": "meeting.zh-CN.png",
  "home.zh-CN.desktop.light.png": "home.zh-CN.png",
  "meeting-gallery.zh-CN.phone.light.png": "phone.zh-CN.png",
};

/** Waits until what was loading is here. */
async function settled(page) {
  await page.waitForLoadState("networkidle");
  await page.waitForFunction(() => document.querySelector(".skeleton") === null);
}

function at(where) {
  return async (page) => {
    await page.goto(where);
    await settled(page);
  };
}

/** Opens a link and waits for one's own picture. */
async function deviceCheck(page, meeting) {
  await page.goto(path(meeting));
  await page.locator("video").first().waitFor();
  await page.waitForFunction(() =>
    [...document.querySelectorAll("video")].some((video) => video.videoWidth > 0),
  );
}

async function join(page, meeting, name) {
  await deviceCheck(page, meeting);
  await page.locator("form input").first().fill(name);
  await page.locator("form button[type=submit]").click();
}

/** In the meeting with the others, whose pictures are all there. */
async function inCompany(page, house) {
  const guests = await house.company();
  await house.sweep(house.calm, "Ana Ruiz");
  await join(page, house.calm, "Ana Ruiz");
  await pictures(page, guests.length + 1);
  // The pointer would keep hints open.
  await page.mouse.move(2, 400);
}

async function pictures(page, count) {
  await page.waitForFunction(
    (least) =>
      [...document.querySelectorAll("video")].filter((video) => video.videoWidth > 0).length >= least,
    count,
  );
}

/** How many people a phone shows on one page. */
const PHONE_PAGE = 8;

/** With a crowd beside the company, until the picture is taken. */
function inCrowd(count, tiles = count + 5) {
  let crowd;
  return {
    act: async (page, house) => {
      crowd = await house.crowd(house.calm, count);
      await inCompany(page, house);
      await page
        .locator(".tile")
        .nth(tiles - 1)
        .waitFor();
    },
    after: () => crowd.leave(),
  };
}

/** In the meeting with the others, and the dialog of this item of the menu *More*, by its place, is open. */
function withDialog(place) {
  return async (page, house) => {
    await inCompany(page, house);
    await page.locator(".toolbar__middle .tool").last().click();
    await page.getByRole("menuitem").nth(place).click();
    // On a phone the menu is a dialog too, which is on its way out.
    await page.getByRole("dialog").last().waitFor();
    await settled(page);
  };
}

/** The meeting is over for Maya Okafor: `how` is done to her as the host does it. */
function overBy(how) {
  return async (page, house) => {
    await join(page, house.quiet, "Maya Okafor");
    const leave = page.getByRole("button", { name: "Leave", exact: true });
    await leave.waitFor();
    await how(page, house);
    await leave.waitFor({ state: "detached" });
    await page.getByRole("heading", { level: 1 }).waitFor();
  };
}

/** In the meeting with the others, and the menu that this button opens is open. */
function withMenu(button) {
  return async (page, house) => {
    await inCompany(page, house);
    await page.getByRole("button", { name: button }).click();
    await page.getByRole("menu").waitFor();
  };
}

/** The console on rules like those of 2020, at one version; `then` is done there. */
function underRules(version, then) {
  return async (page) => {
    await page.route("**/api/v1/market/**", (route) => {
      const path = new URL(route.request().url()).pathname.replace("/api/v1/market/", "");
      const answer =
        { activations: market.activations, simulations: market.simulation }[path] ??
        market.answers[path.replace("rules", "")];
      return route.fulfill(answer === undefined ? { status: 404, json: {} } : { json: answer });
    });
    await at(`/console/rules${version}`)(page);
    await then?.(page);
  };
}

/** The console of an operator who has sold for a while; `then` is done there. */
function sold(section, then) {
  return async (page) => {
    for (const [name, json] of Object.entries({ tenants, partners, plans })) {
      await page.route(`**/api/v1/${name}*`, (route) => route.fulfill({ json }));
    }
    await page.route("**/api/v1/billing/statements?*", (route) => route.fulfill({ json: statements }));
    await at(`/console/${section}`)(page);
    await then?.(page);
  };
}

/** Chooses what the menu at the end of the console's head says in this place. */
async function fromMenu(page, place) {
  await page.locator(".split__actions .button").last().click();
  await page.getByRole("menuitem").nth(place).click();
}

/** How a session went, as the API is made to tell it. */
function wentAs(told) {
  return async (page, house) => {
    await page.route("**/api/v1/meetings/*/sessions/held/quality", (route) =>
      route.fulfill({ contentType: "application/json", body: JSON.stringify(told) }),
    );
    await at(`/meetings/${house.calm.id}/sessions/held`)(page);
  };
}

async function keys(page, pressed) {
  await page.locator("body").press(pressed);
}

export const ready = [
  { name: "home", as: "owner", act: at("/") },
  { name: "home-guest", act: at("/") },
  { name: "sign-in", act: at("/sign-in") },
  {
    name: "enrol",
    act: async (page, house) => {
      const { items } = await house.api("GET", "/members");
      const invited = items.find((member) => member.status === "invited");
      const { link } = await house.api("POST", `/members/${invited.id}/reset`, {});
      await page.goto(link);
      await settled(page);
    },
  },
  { name: "join", act: at("/join") },
  { name: "device-check", act: (page, house) => deviceCheck(page, house.calm) },
  {
    name: "lobby",
    look: 3,
    act: async (page, house) => {
      await house.host();
      await join(page, house.guarded, "ليلى حداد");
      await page.locator("form").waitFor({ state: "detached" });
      await page.locator(".check h1").waitFor();
      await settled(page);
    },
  },
  { name: "meeting-gallery", act: inCompany },
  {
    name: "meeting-speaker",
    act: async (page, house) => {
      await inCompany(page, house);
      await keys(page, "Alt+F1");
      await settled(page);
    },
  },
  {
    name: "meeting-share",
    act: async (page, house) => {
      await inCompany(page, house);
      const [sharer] = await house.company();
      await sharer.locator("body").press("Alt+s");
      await page.waitForFunction(() =>
        [...document.querySelectorAll("video")].some((video) => video.videoWidth >= 1000),
      );
    },
    after: async (_page, house) => {
      const [sharer] = await house.company();
      await sharer.locator("body").press("Alt+s");
    },
  },
  {
    name: "meeting-participants",
    act: async (page, house) => {
      await inCompany(page, house);
      const guests = await house.company();
      await guests[1].locator("body").press("Alt+y");
      await keys(page, "Alt+u");
      await settled(page);
    },
    after: async (_page, house) => {
      const guests = await house.company();
      await guests[1].locator("body").press("Alt+y");
    },
  },
  {
    name: "meeting-chat",
    act: async (page, house) => {
      await house.conversation();
      await inCompany(page, house);
      await keys(page, "Alt+h");
      await page.locator(".panel").waitFor();
      await settled(page);
    },
  },
  { name: "meeting-invite", act: withDialog(0) },
  { name: "meeting-statistics", act: withDialog(1) },
  { name: "meetings", as: "owner", act: at("/meetings") },
  {
    name: "meeting-details",
    as: "owner",
    act: async (page) => {
      await at("/meetings")(page);
      await page.locator(".meeting-row").nth(2).click();
      await page.locator(".details__invitation pre").waitFor();
    },
  },
  {
    name: "schedule",
    as: "owner",
    act: async (page) => {
      await at("/meetings?schedule")(page);
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "quality", as: "owner", act: wentAs(quality.troubled) },
  { name: "members", as: "owner", act: at("/members") },
  {
    name: "console-tenants",
    as: "owner",
    act: sold("tenants", (page) => page.locator(".rules__choose").nth(3).click()),
  },
  {
    name: "console-tenant-new",
    as: "owner",
    act: sold("tenants", async (page) => {
      await page.locator(".filters > .button").click();
      await page.locator(".dialog__frame").waitFor();
    }),
  },
  { name: "console-partners", as: "owner", act: sold("partners") },
  {
    name: "console-statements",
    as: "owner",
    act: sold("statements", (page) => page.locator(".rules__choose").first().click()),
  },
  {
    name: "console-sign-in",
    as: "owner",
    act: async (page) => {
      await page.route("**/api/v1/identity", (route) => route.fulfill({ json: identity }));
      await at("/console/sign-in")(page);
    },
  },
  { name: "console-brand", as: "owner", act: at("/console/brand") },
  { name: "console-audit", as: "owner", act: at("/console/audit") },
  { name: "console-rules", as: "owner", act: underRules("") },
  { name: "console-draft", as: "owner", act: underRules("/4") },
  {
    name: "console-rule",
    as: "owner",
    act: underRules("", (page) => page.locator(".rules__choose").first().click()),
  },
  {
    name: "console-edit",
    as: "owner",
    act: underRules("/4", async (page) => {
      await page.locator(".table__act .button").first().click();
      await page.getByRole("menuitem").first().click();
      await page.locator(".dialog__frame").waitFor();
    }),
  },
  {
    name: "console-differences",
    as: "owner",
    act: underRules("/4", async (page) => {
      await fromMenu(page, 0);
      await page.locator(".console__difference").first().waitFor();
    }),
  },
  {
    name: "console-simulation",
    as: "owner",
    act: underRules("/4", async (page) => {
      await page.locator(".split__actions .button").first().click();
      await page.locator(".console__trial button[type=submit]").click();
      await page.locator(".console__change").first().waitFor();
    }),
  },
  { name: "settings-profile", as: "owner", act: at("/settings?section=profile") },
  { name: "settings-security", as: "owner", act: at("/settings?section=security") },
  { name: "settings-devices", as: "owner", act: at("/settings?section=devices") },
  { name: "settings-appearance", as: "owner", act: at("/settings?section=general") },
  { name: "settings-shortcuts", as: "owner", act: at("/settings?section=shortcuts") },
  { name: "settings-accessibility", as: "owner", act: at("/settings?section=accessibility") },
];

/** Answers calls below `where` with a problem, as a server in trouble does. */
async function broken(page, where, status, code) {
  await page.route(`**/api/v1${where}*`, (route) =>
    route.fulfill({
      status,
      contentType: "application/problem+json",
      body: JSON.stringify({ code, status }),
    }),
  );
}

async function never(page, where) {
  await page.route(`**/api/v1${where}*`, () => {});
}

const EMPTY = JSON.stringify({ items: [], next: null });
async function nothing(page, where) {
  await page.route(`**/api/v1${where}*`, (route) =>
    route.fulfill({ contentType: "application/json", body: EMPTY }),
  );
}

const LONG = [
  "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren",
  "关于二〇二六年第四季度产品规划与国际市场推广策略的跨部门联席讨论会议",
  "اجتماع مجلس الإدارة الربعي لمراجعة الأرقام والخطط القادمة",
];

/** The same meetings, but their titles are hard to fit: one word of 55 letters, Chinese, from right to left. */
async function longTitles(page) {
  await page.route("**/api/v1/meetings?*", async (route) => {
    const response = await route.fetch();
    const { items, ...rest } = await response.json();
    const renamed = items.map((meeting, place) => ({ ...meeting, title: LONG[place % LONG.length] }));
    await route.fulfill({ response, json: { ...rest, items: renamed } });
  });
}

/** As previous meetings, the coming ones a week before their time: the server plans none in the past. */
async function lastWeek(page) {
  await page.route("**/api/v1/meetings?*when=previous*", async (route) => {
    const response = await route.fetch({ url: route.request().url().replace("previous", "upcoming") });
    const { items } = await response.json();
    const past = items
      .filter((meeting) => meeting.starts_at !== null)
      .map((meeting, place) => ({
        ...meeting,
        title: place === 0 ? "Kick-off" : meeting.title,
        starts_at: new Date(Date.parse(meeting.starts_at) - 7 * 86_400_000).toISOString(),
        next_at: null,
      }));
    await route.fulfill({ response, json: { items: past, next: null } });
  });
}

/** There is no room for the first picture on the way to this page. */
async function narrow(page) {
  await page.routeWebSocket("**/signal", (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((text) => server.send(text));
    server.onMessage((text) => {
      const message = JSON.parse(text);
      const picture = message.slots?.find((slot) => slot.participant && slot.source === "camera");
      if (picture !== undefined) picture.paused = true;
      socket.send(JSON.stringify(message));
    });
  });
}

/** The account has passkeys of these names. */
async function passkeys(page, names) {
  await page.route("**/api/v1/me", async (route) => {
    const response = await route.fetch();
    const me = await response.json();
    const made = names.map((name, place) => ({
      id: `${place}`,
      name,
      created_at: me.created_at ?? new Date(),
    }));
    await route.fulfill({ response, json: { ...me, passkeys: made } });
  });
}

export const states = [
  {
    name: "home.loading",
    as: "owner",
    act: async (page) => {
      await never(page, "/me");
      await page.goto("/");
      await page.locator(".skeleton").first().waitFor();
    },
  },
  {
    name: "home.empty",
    as: "owner",
    act: async (page) => {
      await nothing(page, "/meetings");
      await at("/")(page);
    },
  },
  {
    name: "home.error",
    as: "owner",
    act: async (page) => {
      await broken(page, "/meetings", 500, "internal");
      await at("/")(page);
    },
  },
  {
    name: "home.offline",
    as: "owner",
    act: async (page) => {
      await at("/")(page);
      await page.context().setOffline(true);
      await page.locator(".frame__bar").waitFor();
    },
  },
  {
    name: "home.long",
    as: "owner",
    act: async (page) => {
      await longTitles(page);
      await at("/")(page);
      await page.getByText(LONG[1]).first().waitFor();
    },
  },
  {
    name: "meetings.long",
    as: "owner",
    size: "phone",
    act: async (page) => {
      await longTitles(page);
      await at("/meetings")(page);
      await page.getByText(LONG[1]).first().waitFor();
    },
  },
  {
    name: "meetings.offline",
    as: "owner",
    act: async (page) => {
      await at("/meetings")(page);
      await page.context().setOffline(true);
      await page.locator(".frame__bar").waitFor();
    },
  },
  {
    name: "members.loading",
    as: "owner",
    act: async (page) => {
      await never(page, "/members");
      await page.goto("/members");
      await page.locator(".skeleton").first().waitFor();
    },
  },
  {
    name: "console.loading",
    as: "owner",
    act: async (page) => {
      await never(page, "/market/");
      await page.goto("/console/rules");
      await page.locator(".skeleton").first().waitFor();
    },
  },
  {
    name: "console.empty",
    as: "owner",
    act: async (page) => {
      await nothing(page, "/partners");
      await at("/console/partners")(page);
    },
  },
  {
    name: "console.error",
    as: "owner",
    act: async (page) => {
      await broken(page, "/market/", 503, "database_away");
      await at("/console/rules")(page);
    },
  },
  {
    name: "meetings.empty",
    as: "member",
    act: at("/meetings"),
  },
  {
    name: "meetings.loading",
    as: "owner",
    act: async (page) => {
      await never(page, "/meetings");
      await page.goto("/meetings");
      await page.locator(".skeleton").first().waitFor();
    },
  },
  {
    name: "meetings.error",
    as: "owner",
    act: async (page) => {
      await broken(page, "/meetings", 500, "internal");
      await at("/meetings")(page);
    },
  },
  {
    name: "meeting-details.delete",
    as: "owner",
    act: async (page) => {
      await at("/meetings")(page);
      await page.locator(".meeting-row").nth(2).click();
      await page.getByRole("button", { name: "Delete" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "meetings.previous",
    as: "owner",
    act: async (page) => {
      await lastWeek(page);
      await at("/meetings")(page);
      await page.getByRole("tab", { name: "Previous" }).click();
      await settled(page);
      await page.getByText("Kick-off").first().waitFor();
    },
  },
  {
    name: "meetings.subscribe",
    as: "owner",
    act: async (page) => {
      await at("/meetings")(page);
      await page.getByRole("button", { name: "Subscribe" }).click();
      await page.getByRole("dialog").waitFor();
      await settled(page);
    },
  },
  {
    name: "meeting-details.loading",
    as: "owner",
    act: async (page, house) => {
      await never(page, `/meetings/${house.quiet.id}`);
      await page.goto(`/meetings/${house.quiet.id}`);
      await page.locator(".meetings__details .skeleton").first().waitFor();
    },
  },
  {
    name: "meeting-details.error",
    as: "owner",
    act: async (page, house) => {
      await broken(page, `/meetings/${house.quiet.id}`, 500, "internal");
      await at(`/meetings/${house.quiet.id}`)(page);
    },
  },
  {
    name: "settings-security.loading",
    as: "owner",
    act: async (page) => {
      await never(page, "/sessions");
      await page.goto("/settings?section=security");
      await page.locator(".skeleton").first().waitFor();
    },
  },
  {
    name: "settings-security.error",
    as: "owner",
    act: async (page) => {
      await broken(page, "/sessions", 503, "unavailable");
      await at("/settings?section=security")(page);
    },
  },
  {
    name: "settings-security.passkeys",
    as: "owner",
    act: async (page) => {
      await passkeys(page, ["Chromium on Linux", LONG[0]]);
      await at("/settings?section=security")(page);
      await page.getByText(LONG[0]).waitFor();
    },
  },
  {
    name: "settings-security.remove-passkey",
    as: "owner",
    size: "phone",
    act: async (page) => {
      await passkeys(page, ["Chromium on Linux", LONG[0]]);
      await at("/settings?section=security")(page);
      await page.getByRole("button", { name: "Remove Chromium on Linux" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  { name: "quality.good", as: "owner", act: wentAs(quality.good) },
  { name: "quality.everybody", as: "owner", act: wentAs({ ...quality.troubled, everybodys: true }) },
  { name: "quality.empty", as: "owner", act: wentAs(quality.empty) },
  {
    name: "quality.loading",
    as: "owner",
    act: async (page, house) => {
      await never(page, "/meetings/*/sessions/held/quality");
      await page.goto(`/meetings/${house.calm.id}/sessions/held`);
      await page.locator(".quality .skeleton").first().waitFor();
    },
  },
  {
    name: "quality.error",
    as: "owner",
    act: async (page, house) => {
      await broken(page, "/meetings/*/sessions/held/quality", 500, "internal");
      await at(`/meetings/${house.calm.id}/sessions/held`)(page);
    },
  },
  {
    name: "quality.gone",
    as: "owner",
    act: async (page, house) => at(`/meetings/${house.calm.id}/sessions/nothing`)(page),
  },
  { name: "meeting-details.gone", as: "owner", act: at("/meetings/nothing-here") },
  {
    name: "members.error",
    as: "owner",
    act: async (page) => {
      await broken(page, "/members", 503, "unavailable");
      await at("/members")(page);
    },
  },
  { name: "members.forbidden", as: "member", act: at("/members") },
  {
    name: "members.link",
    as: "owner",
    act: async (page) => {
      await at("/members")(page);
      await page.getByRole("button", { name: "Invite" }).click();
      await page.getByLabel("Email").fill("new@example.org");
      await page.getByRole("button", { name: "Make invitation link" }).click();
      await page.getByRole("dialog").locator(".link-box").waitFor();
    },
  },
  {
    name: "members.menu",
    as: "owner",
    act: async (page) => {
      await at("/members")(page);
      await page.getByRole("button", { name: "Actions for 陈静怡" }).click();
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "members.reset",
    as: "owner",
    act: async (page) => {
      await at("/members")(page);
      await page.getByRole("button", { name: "Actions for 陈静怡" }).click();
      await page.getByRole("menuitem", { name: "Link to set a new password" }).click();
      await page.getByRole("dialog").waitFor();
      await settled(page);
    },
  },
  {
    name: "members.delete",
    as: "owner",
    size: "phone",
    act: async (page) => {
      await at("/members")(page);
      await page.getByRole("button", { name: "Actions for Maya Okafor" }).click();
      await page.getByRole("menuitem", { name: "Delete" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "sign-in.refused",
    act: async (page) => {
      await at("/sign-in")(page);
      await page.getByLabel("Email").fill("ana@example.org");
      await page.getByLabel("Password").fill("not the password");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "second-factor",
    as: "owner",
    act: async (page, house) => {
      const me = await house.api("GET", "/me");
      await page.route("**/api/v1/me", (route) => route.fulfill({ json: { ...me, second_factor: "add" } }));
      await at("/meetings")(page);
    },
  },
  { name: "enrol.used", act: at("/enrol#t=mhl_0000000000000000000000000000000000000000000") },
  {
    name: "settings.contrast",
    as: "owner",
    act: async (page) => {
      await at("/settings?section=general")(page);
      await page.getByText("High contrast").click();
    },
  },
  { name: "not-found", act: at("/nowhere") },
  {
    name: "device-check.denied",
    act: async (page, house) => {
      await page.addInitScript(() => {
        globalThis.__refuseMedia = true;
      });
      await page.goto(path(house.calm));
      await settled(page);
    },
  },
  {
    name: "device-check.nothing",
    act: async (page, house) => {
      await page.addInitScript(() => {
        navigator.mediaDevices.enumerateDevices = async () => [];
        navigator.mediaDevices.getUserMedia = async () => {
          throw new DOMException("Requested device not found", "NotFoundError");
        };
      });
      await page.goto(path(house.calm));
      await settled(page);
      await page.getByText("No microphone and no camera were found").waitFor();
    },
  },
  {
    name: "device-check.passcode",
    act: async (page, house) => {
      await page.goto(path(house.calm).split("#")[0]);
      await settled(page);
      await page.getByLabel("Your name").fill("Ana");
      await page.getByRole("button", { name: "Join", exact: true }).click();
      await page.getByLabel("Passcode").waitFor();
    },
  },
  {
    name: "device-check.refused",
    act: async (page, house) => {
      await page.goto(`${path(house.calm).split("#")[0]}#p=000000`);
      await settled(page);
      await page.getByLabel("Your name").fill("Ana");
      await page.getByRole("button", { name: "Join", exact: true }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "device-check.elsewhere",
    size: "phone",
    act: async (page, house) => {
      await page.addInitScript(() => {
        const agent = `${navigator.userAgent} MicroMessenger/8.0.40`;
        Object.defineProperty(navigator, "userAgent", { get: () => agent });
      });
      await page.goto(path(house.calm));
      await settled(page);
      await page.getByRole("heading", { level: 1 }).waitFor();
    },
  },
  {
    name: "join.invalid",
    act: async (page) => {
      await at("/join")(page);
      await page.locator("form input").first().fill("not a number");
      await page.locator("form input").nth(1).fill("Ana");
      await page.keyboard.press("Enter");
    },
  },
  { name: "meeting-gallery.9", ...inCrowd(4) },
  { name: "meeting-gallery.25", ...inCrowd(20) },
  { name: "meeting-gallery.25.phone", size: "phone", ...inCrowd(20, PHONE_PAGE) },
  {
    name: "meeting-gallery.1",
    act: async (page, house) => {
      await join(page, house.quiet, "Ana Ruiz");
      await pictures(page, 1);
      await page.getByRole("button", { name: "Leave", exact: true }).waitFor();
    },
    after: (page) => page.close(),
  },
  {
    name: "meeting-gallery.2",
    act: async (page, house) => {
      const guest = await house.guest(house.quiet, { name: "王小明", look: 1 });
      page.context().once("close", () => void guest.context().close());
      await house.sweep(house.quiet, "Ana Ruiz");
      await join(page, house.quiet, "Ana Ruiz");
      await pictures(page, 2);
      await page.mouse.move(2, 400);
    },
    after: (_page, house) => house.sweep(house.quiet, "王小明"),
  },
  {
    name: "meeting.reactions",
    act: async (page, house) => {
      await inCompany(page, house);
      const guests = await house.company();
      await guests[1].getByRole("button", { name: "Reactions" }).click();
      await guests[1].locator(".reactions__one").first().click();
      await page.locator(".tile__reaction").waitFor();
      await page.getByRole("button", { name: "Reactions" }).click();
      await page.locator(".reactions").waitFor();
    },
  },
  {
    name: "meeting.sharing",
    act: async (page, house) => {
      await inCompany(page, house);
      await keys(page, "Alt+s");
      await page.locator('.bar[data-tone="sharing"]').waitFor();
    },
  },
  {
    name: "meeting.sharing.phone",
    size: "phone",
    act: async (page, house) => {
      await inCompany(page, house);
      await keys(page, "Alt+s");
      await page.locator('.bar[data-tone="sharing"]').waitFor();
    },
  },
  { name: "meeting.sound-menu", act: withMenu("Sound settings") },
  { name: "meeting.video-menu", act: withMenu("Video settings") },
  { name: "meeting.video-menu.phone", size: "phone", act: withMenu("Video settings") },
  {
    name: "meeting.leave-menu",
    as: "owner",
    act: async (page, house) => {
      await inCompany(page, house);
      await page.getByRole("button", { name: "Leave", exact: true }).click();
      await page.getByRole("button", { name: "End meeting for all" }).waitFor();
    },
    after: (page) => page.close(),
  },
  {
    name: "meeting.person-menu",
    as: "owner",
    act: async (page, house) => {
      await inCompany(page, house);
      await page.locator(".tile").nth(1).hover();
      await page.locator(".tile").nth(1).getByRole("button").first().click();
      await page.getByRole("menu").waitFor();
    },
    after: (page) => page.close(),
  },
  {
    name: "meeting.asked-to-unmute",
    act: async (page, house) => {
      const host = await house.host();
      await join(page, house.guarded, "Maya Okafor");
      await host.getByRole("button", { name: "Admit", exact: true }).first().click();
      await page.getByRole("button", { name: "Mute", exact: true }).click();
      await pictures(page, 2);
      await host.locator(".tile").nth(1).hover();
      await host.getByRole("button", { name: "More for Maya Okafor" }).first().click();
      await host.getByRole("menuitem", { name: "Ask to unmute" }).click();
      await page.locator(".toast").first().waitFor();
    },
    after: (_page, house) => house.sweep(house.guarded, "Maya Okafor"),
  },
  {
    name: "meeting.more",
    as: "owner",
    act: async (page, house) => {
      await inCompany(page, house);
      await page.getByRole("button", { name: "More", exact: true }).click();
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "meeting.paused",
    act: async (page, house) => {
      await narrow(page);
      const guests = await house.company();
      await house.sweep(house.calm, "Ana Ruiz");
      await join(page, house.calm, "Ana Ruiz");
      await pictures(page, guests.length);
      await page.locator('video[data-picture="paused"]').waitFor({ state: "attached" });
      await page.mouse.move(2, 400);
    },
  },
  {
    name: "meeting.protection",
    act: async (page, house) => {
      await inCompany(page, house);
      await page.getByRole("button", { name: "Protection of this meeting" }).click();
      await page.locator(".shield").waitFor();
    },
  },
  {
    name: "meeting.shortcuts",
    act: async (page, house) => {
      await inCompany(page, house);
      await keys(page, "Control+/");
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "meeting.left",
    act: overBy((page) => page.getByRole("button", { name: "Leave", exact: true }).click()),
  },
  {
    name: "meeting.removed",
    act: overBy((_page, house) => house.sweep(house.quiet, "Maya Okafor")),
  },
  {
    name: "lobby.denied",
    act: async (page, house) => {
      const host = await house.host();
      await join(page, house.guarded, "Refused Person");
      await page.locator("form").waitFor({ state: "detached" });
      await keys(host, "Alt+u");
      await host.getByRole("button", { name: "Remove Refused Person" }).click();
      await page.getByText("You were not let in").waitFor();
    },
  },
  {
    name: "lobby.host",
    as: "owner",
    act: async (page, house) => {
      await house.withoutHost();
      const waiting = await page.context().browser().newContext({ baseURL: house.url });
      page.context().once("close", () => void waiting.close());
      const guest = await waiting.newPage();
      await page.goto(path(house.guarded));
      await page.getByLabel("Your name").fill("Ana Ruiz");
      await page.getByRole("button", { name: "Join", exact: true }).click();
      await page.getByRole("button", { name: "Leave", exact: true }).waitFor();
      await guest.goto(path(house.guarded));
      await guest.getByLabel("Your name").fill("Maya Okafor");
      await guest.getByRole("button", { name: "Join", exact: true }).click();
      await page.locator(".toast").first().waitFor();
    },
  },
  {
    name: "meeting.reconnecting",
    act: async (page, house) => {
      await inCompany(page, house);
      await page.context().setOffline(true);
      await page.getByText("Reconnecting").first().waitFor();
    },
  },
  {
    name: "meeting.ended",
    act: async (page, house) => {
      await join(page, house.empty, "Maya Okafor");
      await page.getByRole("button", { name: "Leave", exact: true }).waitFor();
      await house.api("POST", `/meetings/${house.empty.id}/end`, {});
      await page.getByRole("heading", { level: 1 }).waitFor();
    },
  },
];
