/** Where to go after signing in: a path of this client and nothing else, so that no link can send people away. */
export function nextPath(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  return /^\/(?![/\\])/.test(next) ? next : "/";
}
