/** Into full screen and out again; phones without it stay as they are. */
export async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement !== null) return document.exitFullscreen();
  await document.documentElement.requestFullscreen?.().catch(() => {});
}
