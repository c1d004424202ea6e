/** The order of the participants panel. */
import type { Participant } from "../api/signalling.ts";

/** Oneself, then raised hands (earliest first), then who speaks, then hosts, then by name. */
export function sorted(
  participants: readonly Participant[],
  you: string,
  speakers: readonly string[],
  locale: string,
): readonly Participant[] {
  const byName = new Intl.Collator(locale);
  const rank = (person: Participant): number => {
    if (person.id === you) return 0;
    if (person.hand_raised_at) return 1;
    if (speakers.includes(person.id)) return 2;
    return person.role === "attendee" ? 4 : 3;
  };
  return [...participants].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.hand_raised_at ?? "").localeCompare(b.hand_raised_at ?? "") ||
      byName.compare(a.name, b.name),
  );
}

/** Is `search` in the name, whatever the case and the accents? */
export function matches(name: string, search: string): boolean {
  return plain(name).includes(plain(search.trim()));
}

function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}
