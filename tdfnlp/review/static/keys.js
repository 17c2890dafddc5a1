// One table of keys: it is obeyed, and it is what the list of keys shows.

import { $, fill, make } from "./dom.js";

const TEXT = "input[type=search], input[type=text], textarea, select";
const ACTS = "button, a, summary";

/** Obey keys. `table` has rows {keys, shown, does, run}. */
export function listen(table) {
  const runs = new Map(table.flatMap((row) => row.keys.map((one) => [one, row])));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if ($("help").open || event.target.matches(TEXT)) return;
    if (event.key === "Enter" && event.target.matches(ACTS)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const row = runs.get(key);
    if (!row || (!$("single").checked && key.length === 1)) return;
    event.preventDefault();
    // A key that is held down must not answer the next question too.
    if (!event.repeat) row.run(key);
  });
}

export function list(table) {
  const rows = table.flatMap(({ shown, does }) => [
    make("dt", {}, ...shown.map((one) => make("kbd", {}, one))),
    make("dd", {}, does),
  ]);
  fill($("keys"), ...rows);
  const short = table.filter((row) => row.short);
  fill(
    $("hints"),
    ...short.map((row) =>
      make("span", {}, ...row.shown.map((one) => make("kbd", {}, one)), ` ${row.short}`),
    ),
  );
}
