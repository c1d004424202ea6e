import { useEffect, useState } from "react";

const MINUTE_MS = 60_000;

/** The time, renewed at every full minute. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    // A little after the edge: a timer may fire a millisecond early.
    const timer = setTimeout(() => setNow(new Date()), MINUTE_MS - (now.getTime() % MINUTE_MS) + 50);
    const wake = () => setNow(new Date());
    document.addEventListener("visibilitychange", wake);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
    };
  }, [now]);
  return now;
}
