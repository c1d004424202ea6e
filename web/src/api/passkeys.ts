/** Passkeys: the browser's part of WebAuthn between two calls of the API. */

import { ApiError, api } from "./http.ts";
import type { PasskeyChallenge } from "./types.ts";

/** What the server checks. */
export interface PasskeyAnswer {
  readonly challenge_id: string;
  readonly credential: ReturnType<PublicKeyCredential["toJSON"]>;
}

/** Whether this browser and this page (HTTPS or localhost) can use passkeys at all. */
export function passkeysSupported(): boolean {
  return (
    typeof PublicKeyCredential === "function" &&
    typeof PublicKeyCredential.parseCreationOptionsFromJSON === "function" &&
    typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function"
  );
}

/** Makes a passkey for the options that `path` answers. Null when the person closed the browser's dialog. */
export async function makePasskey(path: string, body: unknown = {}): Promise<PasskeyAnswer | null> {
  const { challenge_id, options } = await api.post<PasskeyChallenge<PublicKeyCredentialCreationOptionsJSON>>(
    path,
    body,
  );
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return answer(challenge_id, () => navigator.credentials.create({ publicKey }));
}

/** Signs in the way `path` asks. Null when the person closed the browser's dialog. */
export async function askPasskey(path: string): Promise<PasskeyAnswer | null> {
  const { challenge_id, options } =
    await api.post<PasskeyChallenge<PublicKeyCredentialRequestOptionsJSON>>(path);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return answer(challenge_id, () => navigator.credentials.get({ publicKey }));
}

async function answer(
  challengeId: string,
  ask: () => Promise<Credential | null>,
): Promise<PasskeyAnswer | null> {
  try {
    const credential = await ask();
    if (!(credential instanceof PublicKeyCredential)) return null;
    return { challenge_id: challengeId, credential: credential.toJSON() };
  } catch (error) {
    // The person cancelled, or the browser's time was up: nothing to complain about.
    if (error instanceof DOMException && error.name === "NotAllowedError") return null;
    throw new ApiError(400, { code: "passkey_refused", detail: String(error) });
  }
}

/** How user agents say what they are; the first that fits counts, because each also names those that it descends from. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, "Edge"],
  [/Firefox\//, "Firefox"],
  [/Chrome\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
];

/** A name for a new passkey that tells devices apart later, as "Chrome · Windows". */
export function deviceName(userAgent: string = navigator.userAgent): string {
  const first = (known: typeof BROWSERS) => known.find(([pattern]) => pattern.test(userAgent))?.[1];
  return [first(BROWSERS), first(SYSTEMS)].filter(Boolean).join(" · ") || "Passkey";
}
