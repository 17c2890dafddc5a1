// A passage among what was said around it.

import { count, fill, make } from "./dom.js";

export function words(pieces) {
  return pieces.map(({ text, kind }) =>
    kind ? make("mark", { title: `possible ${kind}` }, text) : text,
  );
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function who(speaker, role) {
  const known = role === "unknown" || role === speaker?.toLowerCase() ? "" : role;
  return [speaker, known].filter(Boolean).join(", ") || "speaker not named";
}

function neighbour(one) {
  const text = make("p", { class: "said", dir: "auto" }, ...words(one.pieces));
  return make(
    "li",
    { class: one.asked ? "asked" : "near" },
    make("p", { class: "who" }, one.asked ? `${who(one.speaker, one.role)} asked` : who(one.speaker, one.role)),
    text,
    one.gap ? make("p", { class: "gap", "aria-label": "some turns are left out" }, "⋯") : null,
  );
}

function identifiers(pieces) {
  const kinds = pieces.filter((one) => one.kind).map((one) => one.kind);
  if (!kinds.length) return null;
  return make(
    "p",
    { class: "identifiers" },
    `${count(kinds.length, "possible identifier")} marked: ${[...new Set(kinds)].join(", ")}.`,
  );
}

export function showPassage(place, one) {
  const where = [
    make("strong", { class: "transcript" }, one.transcript),
    make("span", { class: "position" }, `${one.position} of ${one.of}`),
    one.group ? make("span", {}, one.group) : null,
    make("span", {}, who(one.speaker, one.role)),
    one.begins === null ? null : make("span", {}, clock(one.begins)),
  ].filter(Boolean);
  const passage = make(
    "li",
    { class: "here" },
    make("p", { class: "who" }, who(one.speaker, one.role)),
    make(
      "p",
      { class: "said", dir: "auto" },
      make("span", { class: "dim" }, ...words(one.lead)),
      make("span", { class: "utterance", id: "utterance" }, ...words(one.pieces)),
      make("span", { class: "dim" }, ...words(one.rest)),
    ),
    identifiers(one.pieces),
  );
  // It gets the focus: a screen reader then says where one is, and reads the passage.
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", `${one.transcript}, ${one.position} of ${one.of}`);
  place.setAttribute("aria-describedby", "utterance");
  fill(
    place,
    make("p", { class: "where" }, ...where),
    make(
      "ol",
      { class: "turns" },
      ...one.before.map(neighbour),
      passage,
      ...one.after.map(neighbour),
    ),
  );
}
