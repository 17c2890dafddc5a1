// Themes: what they hold, domain by domain, and naming, splitting, merging and moving them.

import { Refused, alarm, insist, newToken } from "./api.js";
import { card, say, sideOf } from "./cards.js";
import { $, count, fill, make } from "./dom.js";

const SIDES = {
  barrier: "Barriers",
  facilitator: "Facilitators",
  other: "Mixed, neutral or without a direction",
};
const DONE = { name: "Named", merge: "Merged", split: "Split", move: "Moved" };

export class Board {
  /** `busy` does one thing with the server at a time. */
  constructor(busy, settled) {
    this.busy = busy;
    this.settled = settled;
    this.domain = null;
    this.editing = false;
    this.open = new Set(); // themes of which all passages are shown
    this.chosen = new Map(); // utterance -> key of its theme
    $("board-domain").addEventListener("change", () => this.show($("board-domain").value));
    $("board-undo").addEventListener("click", () => this.undo());
    $("move").addEventListener("submit", (event) => this.#move(event));
    $("split").addEventListener("submit", (event) => this.#split(event));
    $("clear").addEventListener("click", () => this.#clear());
  }

  show(domain = this.domain) {
    return this.busy(async () => {
      this.chosen.clear();
      say("Reading the themes…");
      this.#render(await insist("/api/themes", { domain }));
      say("");
      $("board-title").focus();
    });
  }

  undo() {
    return this.#change("undo", {}, (told) => {
      say(told.undone ? `Taken back: ${DONE[told.undone].toLowerCase()}.` : "There is nothing to take back.");
    });
  }

  /** Go to a field of what can be done with the passages chosen: they may be many. */
  reach(id) {
    if ($("bar").hidden) say("Choose passages first.");
    else if ($(id).form.hidden) say($("bar-why").textContent);
    else $(id).focus();
  }

  // ---- showing -------------------------------------------------------------------------------

  #render(told) {
    this.told = told;
    this.domain = told.domain;
    const editing = this.editing || told.kept;
    const there = new Set(told.themes.flatMap((one) => one.passages.map(({ utterance }) => utterance)));
    for (const one of this.chosen.keys()) if (!there.has(one)) this.chosen.delete(one);
    this.#domains(told);
    $("board-title").textContent = told.domain ?? "No themes yet";
    fill($("board-intro"), ...this.#intro(told, editing));
    const groups = Object.entries(SIDES).map(([side, title]) => {
      const some = told.themes.filter((one) => sideOf(one) === side);
      if (!some.length) return null;
      return make("section", { class: "side-of" }, make("h3", {}, title), ...some.map((one) => this.#card(one, editing)));
    });
    fill($("board-themes"), ...groups);
    $("board-undo").hidden = !editing;
    this.#bar();
    this.settled();
  }

  #domains({ domains, domain }) {
    fill(
      $("board-domains"),
      ...domains.map(({ name, themes, passages }) =>
        make(
          "li",
          {},
          make(
            "button",
            { type: "button", "aria-current": name === domain ? "true" : null, onclick: () => this.show(name) },
            make("span", {}, name),
            make("span", { class: "why" }, `${count(themes, "theme")} · ${count(passages, "passage")}`),
          ),
        ),
      ),
    );
    fill($("board-domain"), ...domains.map(({ name }) => make("option", { value: name }, name)));
    if (domain) $("board-domain").value = domain;
    $("board-choice").hidden = !domains.length;
  }

  #intro({ themes }, editing) {
    if (!themes.length) {
      return [make("p", {}, "A theme is made of confirmed passages. There are none here yet: answer some questions first.")];
    }
    const proposals = themes.filter((one) => !one.by).length;
    const words = proposals
      ? `${count(proposals, "theme")} of ${themes.length} ${proposals === 1 ? "is a proposal" : "are proposals"}: ` +
        "grouped by likeness and worded by the program. Read the passages before you keep one."
      : "People named all of these.";
    if (editing) return [make("p", {}, words)];
    return [
      make("p", {}, words),
      make(
        "p",
        {},
        "Editing keeps the groups as they stand now. Passages that are confirmed later come as new proposals beside them.",
      ),
      make("button", { type: "button", class: "primary", id: "edit", onclick: () => this.#edit() }, "Edit themes"),
    ];
  }

  #card(theme, editing) {
    return card(theme, {
      editing,
      open: this.open,
      chosen: this.chosen,
      others: this.told.themes.filter((one) => one.key !== theme.key),
      changed: () => {
        this.#bar();
        say(this.chosen.size ? `${count(this.chosen.size, "passage")} chosen.` : "None chosen.");
      },
      change: (kind, what) => this.#change(kind, { theme: theme.key, ...what }),
    });
  }

  /** What can be done with the passages that are chosen. */
  #bar() {
    const number = this.chosen.size;
    $("bar").hidden = !number;
    if (!number) return;
    const from = [...new Set(this.chosen.values())].map((key) => this.told.themes.find((one) => one.key === key));
    $("bar-count").textContent = `${count(number, "passage")} chosen`;
    const others = this.told.themes.filter((one) => from.length > 1 || one.key !== from[0].key);
    const before = $("move-into").value;
    fill($("move-into"), ...others.map((one) => make("option", { value: one.key }, one.name)));
    if (others.some((one) => one.key === before)) $("move-into").value = before;
    $("move").hidden = !others.length;
    const apart = from.length === 1 && !from[0].code && number < from[0].count;
    $("split").hidden = !apart;
    $("bar-why").textContent = apart
      ? ""
      : from.length > 1
        ? "To split, choose passages of one theme."
        : "To split, choose some of a theme's passages, not all of them.";
  }

  #clear() {
    this.chosen.clear();
    this.#render(this.told);
    $("board-title").focus();
  }

  // ---- doing ---------------------------------------------------------------------------------

  #edit() {
    return this.#change("keep", {}, () => {
      this.editing = true;
      this.#render(this.told);
      $("board-title").focus();
      say("You can edit the themes now.");
    });
  }

  #move(event) {
    event.preventDefault();
    this.#change("move", { members: [...this.chosen.keys()], into: $("move-into").value });
  }

  #split(event) {
    event.preventDefault();
    const name = $("split-name").value.trim();
    if (!name) return;
    const [theme] = this.chosen.values();
    this.#change("split", { members: [...this.chosen.keys()], theme, name });
  }

  #change(kind, what, then = undefined) {
    return this.busy(async () => {
      let told;
      try {
        told = await insist("/api/themes/change", { kind, token: newToken(), domain: this.domain, ...what });
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        say("");
        this.#render(await insist("/api/themes", { domain: this.domain }));
        $("board-title").focus();
        alarm(make("strong", {}, "Not done. "), error.message);
        return;
      }
      if (kind !== "keep") {
        this.chosen.clear();
        $("split-name").value = "";
      }
      this.#render(told);
      if (then) then(told);
      else this.#after(kind, told);
    });
  }

  /** Go to the theme that was changed, and say so. */
  #after(kind, told) {
    const theme = told.themes.find((one) => one.key === told.done);
    say(theme ? `${DONE[kind]}: ${theme.name}.` : `${DONE[kind]}.`);
    const title = document.getElementById(`theme-${told.done}`) ?? $("board-title");
    title.focus({ preventScroll: true });
    title.scrollIntoView({ block: "nearest" });
  }
}
