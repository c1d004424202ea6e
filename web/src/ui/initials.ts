/** How a name becomes the mark of an avatar: pure, so that the stage and the lists agree. */

/** How many grounds tokens.css has (`--avatar-1` and on). */
const GROUNDS = 8;

const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/**
 * Two letters of a name: the last two of a Chinese, Japanese or Korean name (as people there shorten it), else the
 * first letters of the first and last word.
 */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = words[0];
  if (first === undefined) return "?";
  const cjk = [...name].filter((letter) => CJK.test(letter));
  if (cjk.length > 0) return cjk.slice(-2).join("");
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  return [first, last]
    .map((word) => [...(word ?? "")].find((letter) => /[\p{L}\p{N}]/u.test(letter)) ?? "")
    .join("")
    .toLocaleUpperCase();
}

/** Which ground (1…8) a name has; the same name has the same one everywhere. FNV-1a over its code points. */
export function ground(name: string): number {
  let hash = 0x811c9dc5;
  for (const letter of name.trim()) {
    hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return (hash % GROUNDS) + 1;
}
