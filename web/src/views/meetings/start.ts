/** Starting a meeting of one's own: get a host's ticket, remember it for this tab, and go in. */

import { api, idempotencyKey } from "../../api/http.ts";
import type { Me, MeetingObject, Ticket } from "../../api/types.ts";
import { rememberTicket } from "../../call/entry.ts";
import { go } from "../../shell/navigation.ts";

export interface StartOptions {
  readonly video: boolean;
}

/** Makes a meeting now and goes in as its host. */
export async function startNewMeeting(me: Me, title: string, options: StartOptions): Promise<void> {
  const meeting = await api.post<MeetingObject>("/meetings", { title }, { idempotencyKey: idempotencyKey() });
  await startMeeting(me, meeting.id, options);
}

/** Goes into one's personal room, which the server makes at the first call. */
export async function startPersonalRoom(me: Me, options: StartOptions): Promise<void> {
  const room = await api.post<MeetingObject>("/meetings/personal");
  await startMeeting(me, room.id, options);
}

/** Goes into a meeting of one's own as its host. */
export async function startMeeting(me: Me, meetingId: string, { video }: StartOptions): Promise<void> {
  const { ticket } = await api.post<Ticket>(`/meetings/${encodeURIComponent(meetingId)}/tickets`, {
    name: me.name,
    role: "host",
  });
  rememberTicket({ ticket, audio: true, video, name: me.name });
  go("/meeting");
}
