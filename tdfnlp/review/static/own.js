// The study's own codes: those that the model finds most probable, and those of no domain.

import { make, percent } from "./dom.js";

const FIRST = 4; // their keys come after those of the three domains

/** The most probable ones; `pick` chooses one. Gives what to show, and the boxes in it. */
export function proposals(codes, pick) {
  const boxes = [];
  const rows = codes.map((code, place) => {
    const id = `proposed-${place}`;
    const box = make("input", { type: "checkbox", id, onchange: () => pick(code, box.checked) });
    boxes.push({ box, ...code });
    const mark = code.suggested ? make("span", { class: "badge" }, "suggested") : null;
    return make(
      "li",
      { class: code.suggested ? "row sure" : "row" },
      box,
      make("label", { for: id }, `${code.path.join(" › ")} `, mark),
      confidence(code, place),
    );
  });
  const none = codes.some((one) => one.suggested) ? "" : " (none is sure enough to suggest)";
  const title = make("h2", {}, `Codes of this study, most probable first${none}`);
  return { section: make("section", { class: "domains proposed" }, title, make("ul", {}, ...rows)), boxes };
}

function confidence(code, place) {
  const bar = make("span", { class: "bar", "aria-hidden": "true" });
  bar.style.setProperty("--share", code.confidence);
  return make(
    "span",
    { class: "confidence" },
    bar,
    make("span", { class: "share", title: "how sure the model is of this code" }, percent(code.confidence)),
    make("kbd", {}, String(FIRST + place)),
  );
}

/** Those of no domain; gives what to show, and the boxes in it. */
export function others(paths, title, pick) {
  const boxes = [];
  const rows = paths.map((path, place) => {
    const id = `other-${place}`;
    const box = make("input", {
      type: "checkbox",
      id,
      onchange: () => pick({ path, domain: null }, box.checked),
    });
    const row = make("li", {}, box, make("label", { for: id }, path.join(" › ")));
    boxes.push({ box, row, path, domain: null });
    return row;
  });
  return { section: make("section", { class: "domains others" }, make("h2", {}, title), make("ul", {}, ...rows)), boxes };
}

/** Of some paths the one that some words name: wholly, or else as the only one that holds them. */
export function named(paths, wanted) {
  const name = (path) => path.at(-1).toLowerCase();
  const whole = paths.filter((path) => name(path) === wanted);
  const found = whole.length ? whole : paths.filter((path) => name(path).includes(wanted));
  return found.length === 1 ? found[0] : null;
}
