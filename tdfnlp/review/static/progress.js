// How far the coder and the study are, and whether more answers would still change something.

import { call } from "./api.js";
import { $, count, fill, make } from "./dom.js";

const OFTEN = 20_000;
const SELDOM = 60_000;

export async function refreshProgress() {
  try {
    showProgress(await call("/api/progress"));
  } catch {
    // The next answer says it where there is no connection.
  }
}

export async function refreshAdvice() {
  try {
    const { advice, agreement } = await call("/api/advice");
    fill($("advice"), sentences("Going on or not", advice), sentences("Agreement", agreement));
  } catch {
    // As above.
  }
}

export function keepFresh() {
  refreshProgress();
  refreshAdvice();
  setInterval(refreshProgress, OFTEN);
  setInterval(refreshAdvice, SELDOM);
}

function showProgress(told) {
  $("meter").textContent = `You ${told.own} · study ${told.answered} of ${told.total}`;
  $("open-count").textContent = told.open ? String(told.open) : "";
  const most = Math.max(1, told.outside, ...Object.values(told.domains));
  const counts = Object.entries(told.domains);
  if (told.outside) counts.push(["Codes outside the framework alone", told.outside]);
  const rows = counts.map(([name, number]) => {
    const bar = make("span", { class: "bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", number / most);
    return make("li", {}, make("span", {}, name), bar, make("span", { class: "number" }, String(number)));
  });
  const share = make("progress", { max: told.total || 1, value: told.answered, "aria-label": "Answered" });
  fill(
    $("progress"),
    share,
    make(
      "p",
      {},
      `You have answered ${count(told.own, "passage")}. In the study ${told.answered} of ` +
        `${told.total} are answered, ${told.none} without a code, ${count(told.open, "disagreement")} open.`,
    ),
    make(
      "details",
      { open: $("progress").querySelector("details")?.open ?? false },
      make("summary", {}, "Confirmed passages by domain"),
      make("ul", { class: "counts" }, ...rows),
    ),
  );
}

function sentences(title, list) {
  if (!list.length) return null;
  return make(
    "section",
    {},
    make("h3", {}, title),
    make("ul", {}, ...list.map((one) => make("li", {}, one))),
  );
}
