import "./ui/tokens.css";
import "./ui/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startLanguage } from "./i18n/i18n.ts";
import { App } from "./shell/App.tsx";
import { watchFreshness } from "./shell/freshness.ts";
import { startLooks } from "./ui/appearance.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

watchFreshness();
startLooks();
await startLanguage();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
