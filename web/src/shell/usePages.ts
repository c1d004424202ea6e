import { useState } from "react";
import { api, withQuery } from "../api/http.ts";
import type { Page } from "../api/types.ts";
import { type Loaded, useResource } from "./useResource.ts";

interface Paged<T> extends Loaded<readonly T[]> {
  /** Whether the server has more than is shown. */
  readonly hasMore: boolean;
  readonly more: () => void;
}

const PAGE_SIZE = 25;
/** The server's largest page. */
const MOST = 100;

/** A list that the server pages: one page at first, more on demand. */
export function usePages<T>(path: string, query: Readonly<Record<string, string>> = {}): Paged<T> {
  const [wanted, setWanted] = useState(PAGE_SIZE);
  const [hasMore, setHasMore] = useState(false);
  const loaded = useResource<readonly T[]>(`${withQuery(path, query)} ${wanted}`, async (signal) => {
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const limit = Math.min(MOST, wanted - items.length);
      const page: Page<T> = await api.get(withQuery(path, { ...query, limit, cursor }), { signal });
      items.push(...page.items);
      cursor = page.next;
    } while (cursor !== null && items.length < wanted);
    setHasMore(cursor !== null);
    return items;
  });
  return { ...loaded, hasMore, more: () => setWanted(wanted + PAGE_SIZE) };
}
