import { useLingui } from "@lingui/react/macro";
import { ZoomIn, ZoomOut } from "lucide-react";
import { type PointerEvent, type ReactNode, useRef, useState } from "react";
import { IconButton } from "../../ui/Button.tsx";

const STEP = 1.5;
const MOST = 6;

interface Look {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

const WHOLE: Look = { zoom: 1, x: 0, y: 0 };

/** A shared screen, whole or closer: zoom by button or wheel with Ctrl (a pinch on a touchpad), pan by dragging. */
export function ShareViewer({ children }: { readonly children: ReactNode }) {
  const { t } = useLingui();
  const [look, setLook] = useState(WHOLE);
  const frame = useRef<HTMLDivElement>(null);
  const zoomBy = (factor: number): void =>
    setLook((old) => within({ ...old, zoom: old.zoom * factor }, frame.current));
  const drag = (event: PointerEvent): void => {
    if (event.buttons !== 1 || look.zoom === 1) return;
    setLook((old) =>
      within({ ...old, x: old.x + event.movementX, y: old.y + event.movementY }, frame.current),
    );
  };
  return (
    <>
      <div
        ref={frame}
        className="share"
        data-close={look.zoom > 1 || undefined}
        onPointerMove={drag}
        onWheel={(event) => event.ctrlKey && zoomBy(event.deltaY < 0 ? STEP : 1 / STEP)}
      >
        <div
          className="share__picture"
          style={{ transform: `translate(${look.x}px, ${look.y}px) scale(${look.zoom})` }}
        >
          {children}
        </div>
      </div>
      <div className="share__zoom">
        <IconButton
          label={t`Zoom in`}
          size="small"
          variant="secondary"
          icon={<ZoomIn size={16} aria-hidden="true" />}
          isDisabled={look.zoom >= MOST}
          onPress={() => zoomBy(STEP)}
        />
        <IconButton
          label={t`Zoom out`}
          size="small"
          variant="secondary"
          icon={<ZoomOut size={16} aria-hidden="true" />}
          isDisabled={look.zoom === 1}
          onPress={() => zoomBy(1 / STEP)}
        />
      </div>
    </>
  );
}

/** Keeps the picture inside its frame. */
function within({ zoom, x, y }: Look, frame: HTMLElement | null): Look {
  const kept = Math.min(MOST, Math.max(1, zoom));
  if (frame === null || kept === 1) return WHOLE;
  const limitX = (frame.clientWidth * (kept - 1)) / 2;
  const limitY = (frame.clientHeight * (kept - 1)) / 2;
  return { zoom: kept, x: clamp(x, limitX), y: clamp(y, limitY) };
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value));
}
