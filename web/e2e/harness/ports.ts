/** Ports for a server that is to have the same ones when it comes back. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import type { Endpoint } from "./relay";

/**
 * Below what systems give to connections that ask for any port (32768 on Linux, 49152 by RFC 6335 section 6). A port that was
 * free there a moment ago may be a browser's by the time the server asks for it; here only what asks for it by name has it.
 */
const FIRST = 20_000;
const LAST = 31_999;
/** Two files run at once (`vitest.config.ts`), and between the choice of a port and its use lies the start of a server. */
const SHARE = Math.floor((LAST - FIRST + 1) / 2);
const OWN_FIRST = FIRST + (Number(process.env["VITEST_POOL_ID"] ?? "0") % 2) * SHARE;
const TRIES = 50;

/** A port of `host` that neither TCP nor UDP uses: media is served on both (RFC 6544). */
export async function freePort(host: string): Promise<Endpoint> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = OWN_FIRST + Math.floor(Math.random() * SHARE);
    if ((await streamIsFree(host, port)) && (await datagramIsFree(host, port))) {
      return { host, port };
    }
  }
  throw new Error(
    `no free port between ${OWN_FIRST} and ${OWN_FIRST + SHARE - 1} on ${host} in ${TRIES} tries`,
  );
}

async function streamIsFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  const listening = once(server, "listening").then(
    () => true,
    () => false,
  );
  server.listen(port, host);
  if (!(await listening)) {
    return false;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
}

async function datagramIsFree(host: string, port: number): Promise<boolean> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const listening = once(socket, "listening").then(
    () => true,
    () => false,
  );
  socket.bind(port, host);
  const free = await listening;
  await new Promise<void>((resolve) => socket.close(resolve));
  return free;
}
