/**
 * Starts Chromium with a camera and a microphone of its own. Contexts must permit both: a permission dialog that answers itself
 * would also turn the shared tab into a fake screen.
 */

import { type Browser, chromium } from "playwright-core";

const EXECUTABLE = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Everything by which a browser speaks to somebody on its own account is off. */
const QUIET = [
  "--disable-background-networking",
  "--disable-client-side-phishing-detection",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-domain-reliability",
  "--disable-features=OptimizationHints,MediaRouter,DialMediaRouteProvider,Translate,CertificateTransparencyComponentUpdater,AutofillServerCommunication,NetworkTimeServiceQuerying,WebRtcHideLocalIpsWithMdns",
  "--disable-sync",
  // Two of its own servers it asks for all the same. No more than these: a page that asked for others would be noticed.
  "--host-resolver-rules=MAP update.googleapis.com ~NOTFOUND, MAP accounts.google.com ~NOTFOUND",
  "--metrics-recording-only",
  "--no-first-run",
  "--no-pings",
];

export interface Devices {
  readonly film?: string;
  readonly sound?: string;
  /** Title of the tab that `getDisplayMedia` picks. */
  readonly shareTab?: string;
}

export async function startChromium({ film, sound, shareTab }: Devices): Promise<Browser> {
  return await chromium.launch({
    executablePath: EXECUTABLE,
    headless: true,
    args: [
      ...QUIET,
      "--no-sandbox",
      "--allow-loopback-in-peer-connection",
      // A page's certificate is the business of its context; that of a TURN server has no other way to be accepted.
      "--ignore-certificate-errors",
      "--use-fake-device-for-media-stream",
      ...(film === undefined ? [] : [`--use-file-for-fake-video-capture=${film}`]),
      ...(sound === undefined ? [] : [`--use-file-for-fake-audio-capture=${sound}`]),
      ...(shareTab === undefined ? [] : [`--auto-select-tab-capture-source-by-title=${shareTab}`]),
    ],
  });
}
