/** The address bar as a store: where we are, and how to go elsewhere without loading the page anew. */

type Listener = () => void;

const listeners = new Set<Listener>();

function announce(): void {
  for (const listener of listeners) listener();
}

export interface GoOptions {
  /** Takes the place of the current entry: Back does not come here again. */
  readonly replace?: boolean;
}

/** Goes to a path of this client, as "/meetings/m1". */
export function go(path: string, options: GoOptions = {}): void {
  if (options.replace === true) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  scrollTo(0, 0);
  announce();
}

export function subscribePath(listener: Listener): () => void {
  if (listeners.size === 0) addEventListener("popstate", announce);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener("popstate", announce);
  };
}

/** Path and query; the fragment holds secrets and is nobody's route. */
export function currentPath(): string {
  return location.pathname + location.search;
}

/** The parts of `path` that `pattern` names with `:name`, or null when it does not match. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const wanted = pattern.split("/");
  const given = (path.split("?")[0] ?? "").replace(/(?<=.)\/$/, "").split("/");
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (part.startsWith(":")) {
      if (value === "") return null;
      found[part.slice(1)] = decode(value);
    } else if (part !== value) {
      return null;
    }
  }
  return found;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // "%zz" is no escape: take it as written, no route will know it.
  }
}
