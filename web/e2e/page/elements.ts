/** Finds what the page shows and plays. Installed before the application's first line runs. */

const told = new Set<HTMLMediaElement>();
const captured: MediaStream[] = [];
const connections: RTCPeerConnection[] = [];

/** Remembers elements that were told to play without being in the document, own captures, and connections. */
export function watchApplication(): void {
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function remembered(this: HTMLMediaElement): Promise<void> {
    told.add(this);
    return play.call(this);
  };

  // Absent where the page is not a secure context.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices !== undefined) {
    const getUserMedia = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (constraints) => {
      const stream = await getUserMedia(constraints);
      captured.push(stream);
      return stream;
    };
  }

  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      connections.push(this);
    }
  };
}

export function peerConnections(): readonly RTCPeerConnection[] {
  return connections;
}

/** The newest live track of that kind that the page captured itself. */
export function ownTrack(kind: "audio" | "video"): MediaStreamTrack | undefined {
  return captured
    .flatMap((stream) => stream.getTracks())
    .findLast((track) => track.kind === kind && track.readyState === "live");
}

export interface Tile {
  readonly label: string;
  readonly video: HTMLVideoElement;
}

export function tiles(): Tile[] {
  return [...document.querySelectorAll<HTMLElement>('[role="group"][aria-label]')].flatMap((tile) =>
    [...tile.querySelectorAll("video")].map((video) => ({
      label: tile.getAttribute("aria-label") ?? "",
      video,
    })),
  );
}

/** Elements from which sound comes now. */
export function soundingElements(): HTMLMediaElement[] {
  return [...new Set([...told, ...document.querySelectorAll<HTMLMediaElement>("audio,video")])].filter(
    isSounding,
  );
}

function isSounding(element: HTMLMediaElement): boolean {
  const stream = element.srcObject;
  return (
    stream instanceof MediaStream &&
    !element.paused &&
    !element.muted &&
    element.volume > 0 &&
    stream.getAudioTracks().some((track) => track.readyState === "live")
  );
}
