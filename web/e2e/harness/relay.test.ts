import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { PATIENCE_MS } from "./patience";
import { Relay } from "./relay";
import { until } from "./wait";

test("a cut relay holds streams back, loses datagrams and lets both through once mended", async () => {
  const echo = createServer((socket) => socket.on("data", (bytes) => socket.write(bytes)));
  const mirror = createSocket("udp4");
  mirror.on("message", (bytes, from) => mirror.send(bytes, from.port, from.address));
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  await new Promise<void>((resolve) => mirror.bind(0, "127.0.0.1", resolve));
  const relay = await Relay.open("udp");
  relay.lead(
    { host: "127.0.0.1", port: (echo.address() as AddressInfo).port },
    { host: "127.0.0.1", port: mirror.address().port },
  );
  const stream = connect(relay.http);
  const datagrams = createSocket("udp4");
  onTestFinished(() => {
    stream.destroy();
    datagrams.close();
    relay.close();
    echo.close();
    mirror.close();
  });
  let streamed = "";
  let told = "";
  stream.on("data", (bytes) => {
    streamed += bytes.toString();
  });
  datagrams.on("message", (bytes) => {
    told += bytes.toString();
  });
  await once(stream, "connect");
  const say = (text: string): void => {
    stream.write(text);
    datagrams.send(text, relay.media.port, relay.media.host);
  };

  say("a");
  await until("both come back", PATIENCE_MS, async () =>
    streamed === "a" && told === "a" ? undefined : streamed + told,
  );
  relay.cut();
  say("b");
  const late = connect(relay.http);
  late.on("data", (bytes) => {
    streamed += bytes.toString();
  });
  late.write("c");
  await once(late, "connect");
  expect([streamed, told]).toEqual(["a", "a"]);
  relay.mend();
  say("d");
  await until("streams catch up", PATIENCE_MS, async () =>
    [...streamed].sort().join("") === "abcd" && told === "ad" ? undefined : streamed + told,
  );
  late.destroy();
});
