/**
 * Who sits where: an order that does not jump.
 *
 * People keep their places; who comes goes to the end, who leaves closes the gap. Somebody who speaks on a later page comes onto
 * the first one in the place of whoever there has been silent longest; nobody else moves.
 */

/** Keeps `order`, without who left, with newcomers at the end. */
export function keepOrder(order: readonly string[], present: readonly string[]): readonly string[] {
  const here = new Set(present);
  const kept = order.filter((id) => here.has(id));
  const known = new Set(kept);
  const next = [...kept, ...present.filter((id) => !known.has(id))];
  return next.length === order.length && next.every((id, index) => id === order[index]) ? order : next;
}

/**
 * Brings `speaker` onto the first page of `pageSize`. `lastSpoke` holds when each person spoke last (ms); `fixed` ids (oneself,
 * pinned people) are not sent away.
 */
export function bringSpeaker(
  order: readonly string[],
  speaker: string,
  pageSize: number,
  lastSpoke: ReadonlyMap<string, number>,
  fixed: ReadonlySet<string>,
): readonly string[] {
  const from = order.indexOf(speaker);
  if (from < pageSize) return order;
  let to = -1;
  let quietest = Number.POSITIVE_INFINITY;
  for (const [index, id] of order.slice(0, pageSize).entries()) {
    const spoke = lastSpoke.get(id) ?? Number.NEGATIVE_INFINITY;
    // Of people equally silent the last on the page goes, since the first places are looked at most.
    if (fixed.has(id) || spoke > quietest) continue;
    to = index;
    quietest = spoke;
  }
  if (to < 0) return order;
  return order.with(to, speaker).with(from, order[to] ?? speaker);
}
