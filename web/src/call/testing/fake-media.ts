/** Tracks, devices and a peer connection that do as they are told. */

export class FakeTrack extends EventTarget {
  readonly kind: "audio" | "video";
  readonly label: string;
  readyState: "live" | "ended" = "live";
  contentHint = "";

  constructor(kind: "audio" | "video", label: string) {
    super();
    this.kind = kind;
    this.label = label;
  }

  stop(): void {
    this.readyState = "ended";
  }

  /** The device is pulled out. */
  unplug(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }

  getSettings(): MediaTrackSettings {
    return { width: 1280, height: 720 };
  }
}

class FakeStream {
  readonly #tracks: readonly FakeTrack[];

  constructor(tracks: readonly FakeTrack[]) {
    this.#tracks = tracks;
  }

  getTracks(): readonly FakeTrack[] {
    return this.#tracks;
  }

  getAudioTracks(): readonly FakeTrack[] {
    return this.#tracks.filter(({ kind }) => kind === "audio");
  }

  getVideoTracks(): readonly FakeTrack[] {
    return this.#tracks.filter(({ kind }) => kind === "video");
  }
}

export class FakeDevices extends EventTarget {
  microphones = ["Desk"];
  cameras = ["Lid"];
  readonly opened: FakeTrack[] = [];
  /** Names of DOMExceptions by which the next captures fail. */
  readonly failures: string[] = [];
  asked = 0;

  async getUserMedia({ audio, video }: MediaStreamConstraints): Promise<MediaStream> {
    this.asked += 1;
    const failure = this.failures.shift();
    if (failure !== undefined) throw new DOMException("", failure);
    if (audio && this.microphones.length === 0) throw new DOMException("", "NotFoundError");
    if (video && this.cameras.length === 0) throw new DOMException("", "NotFoundError");
    return this.#open([
      ...(audio ? [new FakeTrack("audio", this.microphones[0] ?? "")] : []),
      ...(video ? [new FakeTrack("video", this.cameras[0] ?? "")] : []),
    ]);
  }

  async getDisplayMedia(): Promise<MediaStream> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw new DOMException("", failure);
    return this.#open([new FakeTrack("video", "Screen"), new FakeTrack("audio", "Tab")]);
  }

  async enumerateDevices(): Promise<MediaDeviceInfo[]> {
    const info = (kind: MediaDeviceKind) => (label: string) => ({
      kind,
      label,
      deviceId: label,
      groupId: "",
    });
    return [
      ...this.microphones.map(info("audioinput")),
      ...this.cameras.map(info("videoinput")),
    ] as MediaDeviceInfo[];
  }

  #open(tracks: readonly FakeTrack[]): MediaStream {
    this.opened.push(...tracks);
    return new FakeStream(tracks) as unknown as MediaStream;
  }
}

export class FakeSender {
  track: MediaStreamTrack | null = null;
  parameters: RTCRtpSendParameters;

  constructor(encodings: readonly RTCRtpEncodingParameters[]) {
    this.parameters = { encodings } as unknown as RTCRtpSendParameters;
  }

  async replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    this.track = track;
  }

  getParameters(): RTCRtpSendParameters {
    return structuredClone(this.parameters);
  }

  async setParameters(parameters: RTCRtpSendParameters): Promise<void> {
    this.parameters = parameters;
  }
}

interface FakeLine {
  readonly kind: "audio" | "video";
  readonly direction: string;
  mid: string | null;
  codecs: readonly string[];
  readonly sender: FakeSender;
  readonly receiver: { readonly track: FakeTrack };
  setCodecPreferences(codecs: readonly RTCRtpCodec[]): void;
}

export class FakePeer {
  readonly lines: FakeLine[] = [];
  connectionState: RTCPeerConnectionState = "new";
  iceConnectionState: RTCIceConnectionState = "new";
  signalingState: RTCSignalingState = "stable";
  localDescription: { sdp: string } | null = null;
  remoteDescription: { sdp: string } | null = null;
  onconnectionstatechange: (() => void) | null = null;
  oniceconnectionstatechange: (() => void) | null = null;
  restarts = 0;
  configuration: RTCConfiguration = {};

  addTransceiver(
    kind: "audio" | "video",
    { direction, sendEncodings = [{}] }: { direction: string; sendEncodings?: RTCRtpEncodingParameters[] },
  ): FakeLine {
    const line: FakeLine = {
      kind,
      direction,
      mid: null,
      codecs: [],
      sender: new FakeSender(sendEncodings),
      receiver: { track: new FakeTrack(kind, "") },
      setCodecPreferences: (codecs) => {
        line.codecs = codecs.map(({ mimeType, sdpFmtpLine }) => [mimeType, sdpFmtpLine].join(" ").trim());
      },
    };
    this.lines.push(line);
    return line;
  }

  async createOffer(): Promise<{ type: "offer"; sdp: string }> {
    return { type: "offer", sdp: `offer-${this.restarts}` };
  }

  async setLocalDescription({ sdp }: { sdp: string }): Promise<void> {
    for (const [index, line] of this.lines.entries()) line.mid = String(index);
    this.localDescription = { sdp };
    this.signalingState = "have-local-offer";
  }

  async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    this.remoteDescription = { sdp };
    this.signalingState = "stable";
  }

  getConfiguration(): RTCConfiguration {
    return this.configuration;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  restartIce(): void {
    this.restarts += 1;
  }

  async getStats(): Promise<RTCStatsReport> {
    return new Map() as unknown as RTCStatsReport;
  }

  close(): void {
    this.connectionState = "closed";
  }

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.iceConnectionState = state as RTCIceConnectionState;
    this.onconnectionstatechange?.();
  }
}
