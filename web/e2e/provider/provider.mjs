// An organisation's OpenID Connect provider, for the tests of both languages: a real one, whose people are whoever is typed.
// Usage: node provider.mjs [PORT]. It says its issuer in one line when it answers, and ends with its standard input.

import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import Provider from "oidc-provider";

const FORM = `<!doctype html><title>Provider</title><form method="post">
  <label>Address <input name="login" autofocus></label> <button>Prove it</button>
</form>`;

const server = createServer();
server.listen(Number(process.argv[2] ?? 0), "localhost", () => {
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    features: {
      // Each test is a client of its own, with the address of its own server.
      registration: { enabled: true },
      devInteractions: { enabled: false },
    },
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["name", "groups"],
      acr: null,
      amr: null,
    },
    cookies: { keys: ["of a test"] },
    ttl: { AccessToken: 60, Grant: 60, IdToken: 86_400, Interaction: 60, Session: 60 },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: id,
        email_verified: !id.startsWith("unproved"),
        name: `${id[0].toUpperCase()}${id.slice(1).split("@")[0]}`,
        groups: id.startsWith("boss") ? ["meet-admins", "all"] : ["all"],
      }),
    }),
    // Nobody is asked what the client may know.
    loadExistingGrant: async ({ oidc }) => {
      const { clientId } = oidc.client;
      const grant = new provider.Grant({ clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  server.on("request", async (request, response) => {
    if (!request.url.startsWith("/interaction/")) return callback(request, response);
    if (request.method === "GET") return response.setHeader("content-type", "text/html").end(FORM);
    const accountId = new URLSearchParams(await text(request)).get("login");
    await provider.interactionFinished(request, response, { login: { accountId, amr: ["pwd", "mfa"] } });
  });
  console.log(issuer);
});
process.stdin.resume().once("end", () => process.exit());
