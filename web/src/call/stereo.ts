/**
 * Lets the sound of a shared screen be heard in stereo.
 *
 * Chromium and Safari decode Opus to one channel unless their own offer says `stereo=1` (RFC 7587), and no interface but the text
 * sets it. Only the slot of that sound gets it; voices stay mono. Firefox says it by itself.
 */
import { SCREEN_SOUND } from "./offer.ts";

/** The offer as it is to be set and sent. */
export function withStereo(offer: string): string {
  const sections = offer.split(/^(?=m=)/m);
  const section = sections[SCREEN_SOUND + 1];
  const payloadType = section === undefined ? undefined : /^a=rtpmap:(\d+) opus\//im.exec(section)?.[1];
  if (section === undefined || payloadType === undefined) return offer;
  const parameters = new RegExp(`^a=fmtp:${payloadType} (?!.*\\bstereo=1)[^\\r\\n]*`, "m");
  sections[SCREEN_SOUND + 1] = section.replace(parameters, "$&;stereo=1");
  return sections.join("");
}
