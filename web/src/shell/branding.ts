/**
 * Whose house this is, as the server has written it into the page's head: it is there at the first paint. The product's own
 * name stands where no server has written anything (the development server).
 */

import type { House } from "../api/types.ts";

const PLAIN: House = {
  name: "Meetinghouse",
  languages: [],
  logo: null,
  icon: "/assets/icon.svg",
  support_email: null,
  support_url: null,
  links: [],
};

function read(): House {
  const text = document.querySelector<HTMLMetaElement>('meta[name="house"]')?.content;
  return text === undefined ? PLAIN : (JSON.parse(text) as House);
}

let house: House | null = null;

/** The name, the pictures and the links of who this page is of. */
export function brand(): House {
  house ??= read();
  return house;
}
