/** Time zones to choose from. */

import type { SelectOption } from "../../ui/Select.tsx";

/** This device's own zone. */
export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Every zone that the browser knows, with its own name in the language, so that a search finds either. */
export function zoneOptions(language: string, at: Date, chosen: string): readonly SelectOption[] {
  const known = new Set([...Intl.supportedValuesOf("timeZone"), "UTC", chosen]);
  return [...known].map((zone) => ({ id: zone, label: zoneName(language, zone, at) }));
}

/** "Asia/Shanghai · China Time · GMT+8". */
export function zoneName(language: string, zone: string, at: Date): string {
  const place = zone.replaceAll("_", " ");
  const [generic, offset] = (["longGeneric", "shortOffset"] as const).map(
    (timeZoneName) =>
      new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName })
        .formatToParts(at)
        .find((part) => part.type === "timeZoneName")?.value,
  );
  return [place, generic, offset]
    .filter((part, index, all) => part !== undefined && all.indexOf(part) === index)
    .join(" · ");
}
