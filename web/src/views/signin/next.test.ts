import { expect, it } from "vitest";
import { nextPath } from "./next.ts";

it.each([
  ["?next=%2Fmeetings%2Fm1", "/meetings/m1"],
  ["", "/"],
  ["?next=%2F%2Fevil.example", "/"],
  ["?next=%2F%5Cevil.example", "/"],
  ["?next=https%3A%2F%2Fevil.example", "/"],
  ["?next=javascript%3Aalert(1)", "/"],
])("%s goes to %s", (search, path) => {
  expect(nextPath(search)).toBe(path);
});
