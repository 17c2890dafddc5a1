// One theme: its name, what it holds, and the forms to change it.

import { $, count, fill, make } from "./dom.js";
import { words } from "./passage.js";

const FIRST = 6; // passages shown before one asks for all

export function say(text) {
  $("board-status").textContent = text;
}

/** The direction that most of a theme's passages have. */
export function sideOf({ sides, count: all }) {
  const most = ["barrier", "facilitator"].find((one) => 2 * (sides[one] ?? 0) > all);
  return most ?? "other";
}

export function card(theme, tools) {
  const title = make("h4", { id: `theme-${theme.key}`, tabindex: "-1", dir: "auto" }, theme.name);
  const slot = make("div", { class: "slot" });
  const own = tools.editing && !theme.code;
  return make(
    "article",
    { class: "theme", "aria-labelledby": title.id, "data-theme": theme.key },
    make("div", { class: "theme-head" }, title, badge(theme)),
    make("p", { class: "why" }, inFigures(theme)),
    own ? make("div", { class: "theme-acts" }, ...acts(theme, tools, slot)) : null,
    slot,
    list(theme, tools),
  );
}

function badge({ by, code }) {
  if (code) return make("span", { class: "badge" }, "code of the study");
  if (by) return make("span", { class: "badge" }, `named by ${by}`);
  return make("span", { class: "badge proposed" }, "proposed wording");
}

function inFigures({ count: all, people, sides, unseen }) {
  const directions = Object.entries(sides).map(([side, number]) =>
    side === "barrier" || side === "facilitator" ? count(number, side) : `${number} ${side}`,
  );
  const parts = [count(all, "passage"), people === 1 ? "1 person" : `${people} people`, directions.join(", ")];
  if (unseen) parts.push(`${unseen} not shown, since you may still be asked to code ${unseen === 1 ? "it" : "them"}`);
  return parts.filter(Boolean).join(" · ");
}

function acts(theme, tools, slot) {
  const { name } = theme;
  const opens = (text, form) =>
    make("button", { type: "button", "aria-label": `${text} ${name}`, onclick: () => openIn(slot, form()) }, text);
  const take = () => tools.change("name", { name });
  return [
    opens("Rename", () => naming(theme, tools)),
    theme.by || !theme.worded ? null : make("button", { type: "button", "aria-label": `Keep the name ${name}`, onclick: take }, "Keep this name"),
    tools.others.length ? opens("Merge", () => merging(theme, tools)) : null,
  ];
}

function openIn(slot, form) {
  const opener = document.activeElement;
  fill(slot, form);
  const field = form.querySelector("input, select");
  field.focus();
  if (field.select) field.select();
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(slot, opener);
  });
  form.querySelector(".cancel").addEventListener("click", () => close(slot, opener));
}

function close(slot, opener) {
  fill(slot);
  opener?.focus();
}

function naming(theme, tools) {
  const field = make("input", {
    type: "text", maxlength: "200", required: true, autocomplete: "off", spellcheck: "false", dir: "auto",
  });
  field.value = theme.name;
  return form("Name of the theme", field, "Save name", () => {
    if (field.value.trim()) tools.change("name", { name: field.value });
  });
}

function merging(theme, tools) {
  const choice = make(
    "select",
    {},
    ...tools.others.map((one) => make("option", { value: one.key }, one.name)),
  );
  return form("Merge into", choice, "Merge", () => tools.change("merge", { into: choice.value }));
}

function form(title, field, does, run) {
  const whole = make(
    "form",
    { class: "inline" },
    make("label", {}, make("span", {}, title), field),
    make("button", { class: "primary", type: "submit" }, does),
    make("button", { class: "cancel", type: "button" }, "Cancel"),
  );
  whole.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  return whole;
}

function list(theme, tools) {
  const all = theme.passages;
  const place = make("ul", { class: "said-there" });
  const showAll = () => {
    tools.open.add(theme.key);
    place.append(...all.slice(FIRST).map((one) => passage(one, theme, tools)));
  };
  const few = tools.open.has(theme.key) ? all : all.slice(0, FIRST);
  place.append(...few.map((one) => passage(one, theme, tools)));
  if (few.length === all.length) return place;
  const more = make(
    "button",
    {
      type: "button",
      class: "quiet more",
      onclick: () => {
        more.remove();
        showAll();
        place.children[FIRST].querySelector("input, q")?.focus();
      },
    },
    `Show all ${all.length} passages`,
  );
  return make("div", {}, place, more);
}

function passage(one, theme, tools) {
  const id = `in-${theme.key}-${one.utterance}`;
  const box = make("input", {
    type: "checkbox",
    id,
    onchange: () => {
      if (box.checked) tools.chosen.set(one.utterance, theme.key);
      else tools.chosen.delete(one.utterance);
      tools.changed();
    },
  });
  box.checked = tools.chosen.get(one.utterance) === theme.key;
  const quote = make("q", { dir: "auto", tabindex: "-1" }, ...words(one.pieces));
  const from = [one.speaker, one.transcript].filter(Boolean).join(", ");
  // Themes stand by direction: only what differs needs saying.
  const differs = one.valence && one.valence !== sideOf(theme);
  const tag = differs ? make("span", { class: `tag ${one.valence}` }, one.valence) : null;
  const who = make("span", { class: "who" }, from, tag);
  const choosable = tools.editing && one.movable;
  return make(
    "li",
    {},
    choosable ? box : null,
    choosable ? make("label", { for: id }, quote, who) : make("div", {}, quote, who),
  );
}
