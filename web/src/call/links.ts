/** Links inside a line of chat, so that they can be pressed and their true host is seen. */

export type Piece =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "link"; readonly text: string; readonly href: string };

const CANDIDATE = /https?:\/\/[^\s<>"'`，。；、）】》」]+/gi;
/** What follows a link in a sentence and is seldom its end. */
const TRAILING = /[.,;:!?)\]}'"]+$/;

/** Splits a line; only http and https become links, and what is shown is the address itself, its host in plain letters. */
export function linkify(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const address = match[0].replace(TRAILING, "");
    const link = toLink(address);
    if (link === null) continue;
    if (match.index > from) pieces.push({ type: "text", text: text.slice(from, match.index) });
    pieces.push(link);
    from = match.index + address.length;
  }
  if (from < text.length) pieces.push({ type: "text", text: text.slice(from) });
  return pieces;
}

function toLink(address: string): Piece | null {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
  // "https://bank.example@evil.example" names evil.example: such an address is left as text.
  if (url.username !== "" || url.password !== "") return null;
  // The parsed host is in ASCII (punycode), so letters of other scripts that look alike are seen.
  return { type: "link", href: url.href, text: address.replace(/^(https?:\/\/)[^/?#]*/i, `$1${url.host}`) };
}
