import { afterEach, expect, it, vi } from "vitest";
import { ApiError, api, withQuery } from "./http.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

function answer(status: number, body: string, headers: Record<string, string> = {}) {
  const fetched = vi.fn(
    async (_path: string, _init: RequestInit) =>
      new Response(status === 204 ? null : body, { status, headers }),
  );
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

it("sends JSON with the key that makes a repeat harmless", async () => {
  const fetched = answer(201, '{"id":"m1"}');
  await expect(api.post("/meetings", { title: "x" }, { idempotencyKey: "k" })).resolves.toEqual({ id: "m1" });
  const [path, init] = fetched.mock.calls[0] ?? [];
  expect(path).toBe("/api/v1/meetings");
  expect(init?.body).toBe('{"title":"x"}');
  expect(init?.headers).toMatchObject({ "Idempotency-Key": "k", "Content-Type": "application/json" });
});

it("turns problem details into one kind of error", async () => {
  answer(429, '{"code":"too_many_attempts","detail":"Wait."}', { "Retry-After": "30" });
  const error = await api.get("/me").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 429, code: "too_many_attempts", retryAfterSeconds: 30 });
});

it("asks for the rules' sentence in the page's language, and keeps whom they offer", async () => {
  vi.stubGlobal("document", { documentElement: { lang: "zh-TW" } });
  const body = '{"code":"not_allowed_here","detail":"請聯絡。","rule":"r","offers":["bizconf"]}';
  const fetched = answer(403, body);
  const error = await api.post("/meetings").catch((thrown: unknown) => thrown);
  expect(fetched.mock.calls[0]?.[1]?.headers).toMatchObject({ "Accept-Language": "zh-TW" });
  expect(error).toMatchObject({ rule: "r", offers: ["bizconf"], detail: "請聯絡。" });
});

it("copes with a proxy's page in place of an answer", async () => {
  answer(502, "<html>Bad gateway</html>");
  await expect(api.get("/me")).rejects.toMatchObject({ status: 502, code: "http_502" });
});

it("says unreachable when nobody answers", async () => {
  vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("failed")));
  await expect(api.delete("/session")).rejects.toMatchObject({ status: 0, code: "unreachable" });
});

it("lets a caller that gave up go in peace", async () => {
  const controller = new AbortController();
  controller.abort();
  const reason = new DOMException("aborted", "AbortError");
  vi.stubGlobal("fetch", vi.fn().mockRejectedValue(reason));
  await expect(api.get("/me", { signal: controller.signal })).rejects.toBe(reason);
});

it("leaves absent values out of a query", () => {
  expect(withQuery("/meetings", { when: "upcoming", cursor: null, limit: 5 })).toBe(
    "/meetings?when=upcoming&limit=5",
  );
  expect(withQuery("/meetings", {})).toBe("/meetings");
});
