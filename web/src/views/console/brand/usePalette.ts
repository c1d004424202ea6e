import { useEffect, useState } from "react";
import { api } from "../../../api/http.ts";
import type { BrandPalettes } from "../../../api/types.ts";
import { isColour } from "./draft.ts";

/** After the last stroke; a request for each would come too late for the next. */
const REST_MS = 200;

/** What colours look like once everybody can read them, as the server makes them; the last ones until it has answered. */
export function usePalette(accent: string, accentDark: string): BrandPalettes | null {
  const [palettes, setPalettes] = useState<BrandPalettes | null>(null);
  useEffect(() => {
    if (!isColour(accent) || !(accentDark === "" || isColour(accentDark))) return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const asked = { accent: accent.trim(), accent_dark: accentDark === "" ? null : accentDark.trim() };
      api
        .post<BrandPalettes>("/brands/palette", asked, { signal: controller.signal })
        .then(setPalettes)
        .catch(() => undefined);
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [accent, accentDark]);
  return palettes;
}
