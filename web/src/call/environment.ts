/** What kind of browser this is, where that changes what a person must do. */

export type Help = "chromium" | "firefox" | "safari" | "ios" | "android" | "other";

/** Which words about permissions fit: menus are in other places in every browser. */
export function permissionHelp(userAgent: string, touchPoints: number): Help {
  if (/iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && touchPoints > 1)) return "ios";
  if (/Android/.test(userAgent)) return "android";
  if (/Firefox\//.test(userAgent)) return "firefox";
  if (/Chrome\/|Chromium\/|Edg\//.test(userAgent)) return "chromium";
  return /Safari\//.test(userAgent) ? "safari" : "other";
}

/** The app whose built-in view this is, if it is one: most of them forbid the camera. */
export function inAppBrowser(userAgent: string): string | null {
  const apps: readonly (readonly [RegExp, string])[] = [
    [/MicroMessenger/i, "WeChat"],
    [/DingTalk/i, "DingTalk"],
    [/Lark|Feishu/i, "Feishu"],
    [/\bQQ\//i, "QQ"],
    [/Weibo/i, "Weibo"],
    [/FBAN|FBAV/i, "Facebook"],
    [/Instagram/i, "Instagram"],
    [/\bLine\//i, "LINE"],
  ];
  return apps.find(([pattern]) => pattern.test(userAgent))?.[1] ?? null;
}

/** Can this browser be in a meeting at all? */
export function canMeet(): boolean {
  return typeof RTCPeerConnection === "function" && typeof WebSocket === "function";
}

export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === "function";
}

/** A phone by what it can do, not by its name: coarse pointer and little width. */
export function isPhone(): boolean {
  return matchMedia("(pointer: coarse) and (max-width: 600px), (pointer: coarse) and (max-height: 600px)")
    .matches;
}
