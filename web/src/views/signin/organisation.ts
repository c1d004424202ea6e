/** Signing in through the provider of one's organisation: there, and back with what it answered. */

import { api } from "../../api/http.ts";
import type { Me } from "../../api/types.ts";
import { nextPath } from "./next.ts";

/** Where one wanted to go, for when the provider has sent the browser back to this tab. */
const NEXT = "sign-in-next";

/** Leaves for the provider of an organisation (its id), or of whoever serves the domain of an address. */
export async function leaveForProvider(whose: { organisation: string } | { email: string }): Promise<void> {
  const { location: provider } = await api.post<{ location: string }>("/session/organisation", whose);
  sessionStorage.setItem(NEXT, nextPath(location.search));
  location.assign(provider);
}

/** Signs in with what stands in the address that the provider sent the browser to. */
export async function returnFromProvider(search: string): Promise<Me> {
  const said = new URLSearchParams(search);
  return await api.post<Me>("/session/organisation/answer", {
    state: said.get("state") ?? "",
    code: said.get("code") ?? "",
    iss: said.get("iss"),
  });
}

/** Where one wanted to go before leaving for the provider. */
export function nextAfterProvider(): string {
  const next = sessionStorage.getItem(NEXT) ?? "/";
  sessionStorage.removeItem(NEXT);
  return next;
}
