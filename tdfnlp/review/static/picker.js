// The 14 domains, the study's own codes under them, and a direction for each that is chosen.

import { fill, make, percent } from "./dom.js";
import { named, others, proposals } from "./own.js";

const VALENCES = ["barrier", "facilitator", "mixed", "neutral"];
const key = (path) => JSON.stringify(path);

export class Picker {
  constructor(place, codebook, changed) {
    this.place = place;
    this.codebook = codebook;
    this.changed = () => {
      for (const one of this.boxes) one.box.checked = this.#holds(one);
      changed();
    };
    this.show(null);
  }

  /** Begin anew, with the suggested domains first where there are any. */
  show(suggestion) {
    this.chosen = new Map(); // domain -> {valence, codes, implied: chosen through a code}
    this.others = new Set();
    this.active = null;
    this.latest = null; // the row of a code of no domain, where that was chosen last
    this.suggested = suggestion ? suggestion.domains : [];
    this.rows = new Map();
    const names = this.suggested.map((one) => one.name);
    const first = names.map((name) => this.codebook.domains.find((one) => one.name === name));
    const rest = this.codebook.domains.filter((one) => !names.includes(one.name));
    const { outside } = this.codebook;
    this.proposed = suggestion?.codes ?? [];
    const proposed = proposals(this.proposed, (code, on) => {
      this.pick(code, on);
      if (on && code.domain) this.reveal(); // its directions are elsewhere
    });
    const title = outside ? "Codes of this study" : "Codes outside the framework";
    const other = others(this.codebook.others, title, (code, on) => this.pick(code, on));
    this.other = other.boxes;
    this.boxes = [...proposed.boxes, ...other.boxes];
    const codes = this.proposed.length ? proposed.section : null;
    const last = other.boxes.length ? other.section : null;
    const domains = [
      first.length ? this.#list(outside ? "Most probable domains" : "Suggested by the model", first, "suggested") : null,
      outside ? null : codes,
      this.#list(first.length ? "Other domains" : "Domains", rest, "rest"),
    ];
    fill(this.place, ...(outside ? [codes, last, ...domains] : [...domains, last]));
    this.changed();
  }

  /** Take an answer's labels over. */
  load(labels) {
    for (const name of [...this.chosen.keys()]) this.toggle(name, false);
    this.others.clear();
    for (const { code, domain, valence } of labels) {
      if (!domain) {
        this.others.add(key(code));
        continue;
      }
      if (!this.chosen.has(domain)) this.toggle(domain, true, valence);
      if (key(code) !== key([domain])) this.chosen.get(domain).codes.add(key(code));
      this.#update(domain);
    }
    this.changed();
  }

  /** What is chosen, as an answer's labels. */
  labels() {
    const found = [];
    for (const [domain, { valence, codes }] of this.chosen) {
      const paths = codes.size ? [...codes].map((one) => JSON.parse(one)) : [[domain]];
      for (const code of paths) found.push({ code, domain, valence });
    }
    for (const one of this.others) found.push({ code: JSON.parse(one), domain: null, valence: null });
    return found;
  }

  /** Choose a domain, or not; a suggested one comes with the suggested direction. */
  toggle(name, on = !this.chosen.has(name), valence = undefined) {
    this.latest = null;
    if (on) {
      const suggested = this.suggested.find((one) => one.name === name);
      const direction = valence === undefined ? (suggested?.valence ?? null) : valence;
      this.chosen.set(name, { valence: direction, codes: new Set(), implied: false });
      this.active = name;
    } else {
      this.chosen.delete(name);
      this.active = [...this.chosen.keys()].at(-1) ?? null;
    }
    this.#update(name);
    this.changed();
  }

  /** Choose a code of the study, or not; its domain comes with it, and goes if it came only so. */
  pick(code, on = !this.#holds(code)) {
    const { path, domain } = code;
    if (!domain) {
      if (on) this.others.add(key(path));
      else this.others.delete(key(path));
      this.latest = on ? this.other.find((one) => key(one.path) === key(path)).row : null;
      this.changed();
      return;
    }
    if (on && !this.chosen.has(domain)) {
      this.toggle(domain, true);
      this.chosen.get(domain).implied = true;
    }
    const choice = this.chosen.get(domain);
    if (on) choice.codes.add(key(path));
    else choice.codes.delete(key(path));
    if (!choice.codes.size && choice.implied) {
      this.toggle(domain, false);
      return;
    }
    this.active = domain;
    this.latest = null;
    this.#update(domain);
    this.changed();
  }

  #holds({ path, domain }) {
    if (!domain) return this.others.has(key(path));
    return this.chosen.get(domain)?.codes.has(key(path)) ?? false;
  }

  /** Give the domain that was chosen last a direction; false where none is chosen. */
  direct(valence) {
    if (!this.active) return false;
    this.chosen.get(this.active).valence = valence;
    this.#update(this.active);
    this.changed();
    return true;
  }

  /** Bring what was chosen last into sight. */
  reveal() {
    this.latest?.scrollIntoView({ block: "nearest" });
    if (this.latest || !this.active) return;
    const { row } = this.rows.get(this.active);
    const codes = row.querySelectorAll(".codes :checked");
    if (codes.length) codes[codes.length - 1].scrollIntoView({ block: "nearest" });
    else row.scrollIntoView({ block: "nearest" });
  }

  /** Open or close the full definition of a domain; a suggested one shows its beginning. */
  explain(name, on = undefined) {
    const { about, definition, suggested } = this.rows.get(name);
    const open = on ?? about.getAttribute("aria-expanded") !== "true";
    definition.hidden = !open && !suggested;
    definition.classList.toggle("brief", !open);
    about.setAttribute("aria-expanded", String(open));
  }

  /** Show only domains and codes that hold some words; gives the first domain of them. */
  find(words) {
    const wanted = words.trim().toLowerCase();
    for (const { row, path } of this.other) row.hidden = !path.join(" ").toLowerCase().includes(wanted);
    let first = null;
    for (const [name, { row, searched }] of this.rows) {
      row.hidden = !searched.includes(wanted);
      if (!row.hidden && wanted && (!first || name.toLowerCase().startsWith(wanted))) {
        first = first && first.toLowerCase().startsWith(wanted) ? first : name;
      }
    }
    return first;
  }

  /** Choose what some words name: a domain, a code of the study, or what a domain holds. */
  chooseFound(words) {
    const wanted = words.trim().toLowerCase();
    const domain = this.find(words);
    const { outside } = this.codebook;
    const byName = domain?.toLowerCase().includes(wanted) ?? false;
    const child = domain && !byName ? named(this.rows.get(domain).domain.codes, wanted) : null;
    const other = byName && !outside ? null : named(this.codebook.others, wanted);
    if (child && !(outside && other)) this.pick({ path: child, domain }, true);
    else if (other) this.pick({ path: other, domain: null }, true);
    else if (domain) this.toggle(domain);
  }

  #tick(name, on) {
    this.toggle(name, on);
    if (on) this.reveal(); // its directions open below it, maybe out of sight
  }

  #list(title, domains, kind) {
    const rows = domains.map((one) => this.#row(one, kind === "suggested"));
    return make(
      "section",
      { class: `domains ${kind}` },
      make("h2", {}, title),
      make("ul", {}, ...rows),
    );
  }

  #row(domain, suggested) {
    const { name } = domain;
    const id = `domain-${this.codebook.domains.indexOf(domain)}`;
    const box = make("input", { type: "checkbox", id, onchange: () => this.#tick(name, box.checked) });
    const about = make(
      "button",
      {
        type: "button",
        class: "about",
        "aria-label": `What is ${name}?`,
        "aria-controls": `${id}-about`,
        "aria-expanded": "false",
        onclick: () => this.explain(name),
      },
      "i",
    );
    const definition = make(
      "div",
      { class: "definition brief", id: `${id}-about`, hidden: !suggested },
      make("p", {}, domain.definition),
      make("p", { class: "constructs" }, `Constructs: ${domain.constructs.join(", ")}.`),
    );
    const detail = make("div", { class: "detail", hidden: true });
    const row = make(
      "li",
      { class: "domain", "data-domain": name },
      make(
        "div",
        { class: "row" },
        box,
        make("label", { for: id }, name),
        suggested ? this.#confidence(name) : null,
        about,
      ),
      definition,
      detail,
    );
    const codes = domain.codes.map((path) => path.join(" "));
    const searched = [name, domain.definition, ...domain.constructs, ...codes].join(" ").toLowerCase();
    this.rows.set(name, { domain, suggested, row, box, about, definition, detail, searched, id });
    return row;
  }

  #confidence(name) {
    const place = this.suggested.findIndex((one) => one.name === name);
    const { confidence, valence, valence_confidence: sure } = this.suggested[place];
    const bar = make("span", { class: "bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", confidence);
    return make(
      "span",
      { class: "confidence" },
      bar,
      make("span", { class: "share", title: "how sure the model is of the domain" }, percent(confidence)),
      make("span", { class: "direction", title: "its direction, if the domain holds" }, `${valence} ${percent(sure)}`),
      make("kbd", {}, String(place + 1)),
    );
  }

  #update(name) {
    const { domain, row, box, detail, id } = this.rows.get(name);
    const choice = this.chosen.get(name);
    box.checked = choice !== undefined;
    row.classList.toggle("chosen", box.checked);
    for (const [other, parts] of this.rows) {
      parts.row.classList.toggle("active", other === this.active);
    }
    const focused = document.activeElement?.id;
    detail.hidden = !box.checked;
    fill(detail, ...(choice ? this.#detail(domain, choice, id) : []));
    if (focused?.startsWith(`${id}-`)) document.getElementById(focused)?.focus();
  }

  #detail(domain, choice, id) {
    const radios = VALENCES.map((valence) => {
      const radio = make("input", {
        type: "radio",
        name: `${id}-direction`,
        id: `${id}-${valence}`,
        onchange: () => {
          this.active = domain.name;
          this.direct(valence);
        },
      });
      radio.checked = choice.valence === valence;
      const shown = valence[0].toUpperCase() + valence.slice(1);
      return make("span", { class: valence }, radio, make("label", { for: radio.id }, shown));
    });
    const legend = make("legend", { class: "unseen" }, `Direction of ${domain.name}`);
    const parts = [make("fieldset", { class: "directions" }, legend, ...radios)];
    if (domain.codes.length) parts.push(this.#codes(domain, choice, id));
    return parts;
  }

  #codes(domain, choice, id) {
    const boxes = domain.codes.map((path, place) => {
      const box = make("input", {
        type: "checkbox",
        id: `${id}-code-${place}`,
        onchange: () => {
          if (box.checked) choice.codes.add(key(path));
          else choice.codes.delete(key(path));
          this.changed();
        },
      });
      box.checked = choice.codes.has(key(path));
      const shown = (path[0] === domain.name ? path.slice(1) : path).join(" › ");
      return make("span", {}, box, make("label", { for: box.id }, shown));
    });
    const legend = make("legend", {}, "Codes of this study");
    return make("fieldset", { class: "codes" }, legend, ...boxes);
  }
}

/** Say labels in words: "Knowledge (barrier), Goals". */
export function inWords(labels) {
  if (!labels.length) return "no code";
  const named = labels.map(({ code, valence }) => code.at(-1) + (valence ? ` (${valence})` : ""));
  return named.join(", ");
}
