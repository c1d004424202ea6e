import { expect, it } from "vitest";
import { toasts } from "./toasts.ts";

it("shows three at most, replaces by key, and keeps those that ask something", () => {
  let told = 0;
  const stop = toasts.subscribe(() => {
    told += 1;
  });
  toasts.show("one");
  toasts.show("Ana is waiting", { key: "lobby", actions: [{ label: "Admit", onPress: () => undefined }] });
  toasts.show("2 people are waiting", {
    key: "lobby",
    actions: [{ label: "View", onPress: () => undefined }],
  });
  toasts.show("three");
  toasts.show("four");
  const shown = toasts.getSnapshot();
  expect(shown.map(({ text }) => text)).toEqual(["2 people are waiting", "three", "four"]);
  expect(shown[0]?.timeoutMs).toBeNull();
  expect(shown[1]?.timeoutMs).toBeGreaterThan(0);
  toasts.close("lobby");
  expect(toasts.getSnapshot().map(({ text }) => text)).toEqual(["three", "four"]);
  expect(told).toBe(6);
  stop();
});
