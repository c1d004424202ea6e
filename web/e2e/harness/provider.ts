/** An organisation's OpenID Connect provider, as a process of its own. */

import { spawn } from "node:child_process";
import { once } from "node:events";

export class Provider {
  readonly issuer: string;
  readonly #end: () => Promise<void>;

  private constructor(issuer: string, end: () => Promise<void>) {
    this.issuer = issuer;
    this.#end = end;
  }

  static async start(): Promise<Provider> {
    const program = new URL("../provider/provider.mjs", import.meta.url).pathname;
    const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "ignore"] });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return new Provider(line.toString().trim(), async () => {
      const ended = once(child, "exit");
      child.stdin.end();
      await ended;
    });
  }

  /** A client that may send people back to this address. */
  async client(redirectUri: string): Promise<{ readonly id: string; readonly secret: string }> {
    const response = await fetch(`${this.issuer}/reg`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ redirect_uris: [redirectUri] }),
    });
    const made = (await response.json()) as { client_id: string; client_secret: string };
    return { id: made.client_id, secret: made.client_secret };
  }

  async stop(): Promise<void> {
    await this.#end();
  }
}
