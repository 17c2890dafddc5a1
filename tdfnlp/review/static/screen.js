// What stands around the list of domains: whose view is asked, other coders' answers, filters.

import { $, fill, make } from "./dom.js";

const DECISIONS = {
  suggest: "The model suggests this",
  ask: "The model is unsure: you decide",
  abstain: "The model has nothing to propose",
};

// Where the model proposes a code of the study, but is not sure enough of a domain.
const CODES = {
  ask: "The model suggests a code, and is unsure of the domain: you decide",
  abstain: "The model suggests a code, and has no domain to propose: you decide",
};

const HOW = { page: "answered on this page", "blind audit": "answered blind" };

/** Say what the coder is looking at, and why. */
export function banner(item, open, outside) {
  const parts = [];
  if (item.sides) {
    parts.push(make("p", { class: "decision" }, `Coders differ here (${open} open). What holds?`));
  } else if (item.blind) {
    parts.push(
      make("p", { class: "decision blind" }, "Your own view first: no suggestion is shown."),
      make("p", { class: "why" }, "This passage is part of a random check."),
    );
  } else {
    const suggestion = item.suggestion;
    const words = suggestion ? proposes(suggestion, outside) : "No model has looked at this passage";
    const decision = outside ? "" : `${suggestion?.decision} · `; // it is about domains
    const model = suggestion ? `${suggestion.model} · ${decision}` : "";
    parts.push(
      make("p", { class: `decision ${outside ? "" : (suggestion?.decision ?? "")}` }, words),
      make("p", { class: "why" }, `${model}asked because: ${item.why}`),
    );
  }
  fill($("banner"), ...parts);
}

/** Say what the model proposes; for a study of another framework the domains do not count. */
function proposes({ decision, codes }, outside) {
  const suggested = codes.some((one) => one.suggested);
  if (!outside) return (suggested && CODES[decision]) || DECISIONS[decision];
  if (!codes.length) return "No model knows the codes of this study";
  return suggested ? "The model suggests a code of this study" : "The model is unsure which code applies: you decide";
}

/** Put what each coder said side by side. */
export function sides(item, take) {
  const cards = (item.sides ?? []).map((side, place) =>
    make(
      "section",
      { class: "side", "aria-label": `Answer of ${side.coder}` },
      make("h2", {}, side.coder),
      make(
        "ul",
        {},
        ...(side.labels.length
          ? side.labels.map((one) =>
              make(
                "li",
                {},
                make("span", {}, one.code.join(" › ")),
                one.valence ? make("span", { class: `tag ${one.valence}` }, one.valence) : null,
              ),
            )
          : [make("li", {}, "No code")]),
      ),
      side.note ? make("p", { class: "said" }, side.note) : null,
      make("p", { class: "why" }, HOW[side.how] ?? side.how),
      make(
        "button",
        { type: "button", onclick: () => take(place) },
        `Take ${side.coder}'s `,
        make("kbd", {}, String(place + 1)),
      ),
    ),
  );
  fill($("sides"), ...cards);
}

/** Let the coder choose which passages to see; `changed` gets the choice. */
export function filters(study, changed) {
  const only = {};
  const choices = {
    transcript: study.transcripts,
    group: study.groups,
    domain: study.codebook.domains.map((one) => one.name),
    decision: Object.keys(DECISIONS),
  };
  for (const [name, values] of Object.entries(choices)) {
    const select = $(`only-${name}`);
    fill(select, make("option", { value: "" }, "all"), ...values.map((one) => make("option", { value: one }, one)));
    select.addEventListener("change", () => {
      only[name] = select.value;
      $("filtered").textContent = Object.values(only).filter(Boolean).join(", ");
      changed(only);
    });
  }
}
