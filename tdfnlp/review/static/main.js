// The review page: one passage at a time, the coder's own decision, stored before the next one.

import { NotStored, Refused, alarm, call, deliver, identity, insist, newToken, unsent } from "./api.js";
import { Board } from "./board.js";
import { $, count, fill, make } from "./dom.js";
import { draftOf, forget, setAside } from "./drafts.js";
import { enter } from "./entry.js";
import { wireFields } from "./fields.js";
import { list, listen } from "./keys.js";
import { showPassage } from "./passage.js";
import { Picker, inWords } from "./picker.js";
import { banner, filters, sides } from "./screen.js";
import { keepFresh, refreshAdvice, refreshProgress } from "./progress.js";

const SETTLE = 150; // ms in which a new question cannot be accepted by a key meant for the last
const ADVICE_EVERY = 10;
const VIEWS = ["questions", "conflicts", "themes"];
const page = { view: "questions", item: null, only: {}, answered: 0 };
let picker, board;

// ---- showing ---------------------------------------------------------------------------------

function state(name) {
  document.body.dataset.state = name;
  for (const id of ["none", "skip", "undo", "note"]) $(id).disabled = name === "busy";
  // What is on its way to the study cannot be changed any more, nor anything else begun.
  for (const id of ["filters", "sides", "picker", "themes"]) $(id).inert = name === "busy";
  updateSave();
}

function say(words) {
  $("status").textContent = words;
  const empty = document.querySelector(".empty-status");
  if (empty) empty.textContent = words;
}

function ready() {
  return document.body.dataset.state === "ready";
}

function accepts() {
  const suggestion = page.item?.suggestion;
  // Who codes to another framework does not mean a domain of this one by Enter.
  if (suggestion?.decision !== "suggest" || picker.codebook.outside) return null;
  return suggestion.domains[0];
}

function updateSave() {
  if (!picker) return;
  const labels = picker.labels();
  const first = accepts();
  const button = $("save");
  const words = labels.length
    ? `Save ${inWords(labels)}`
    : first
      ? `Accept ${first.name} (${first.valence})`
      : nothing();
  fill(button, words, make("kbd", {}, "Enter"));
  button.disabled = !page.item || document.body.dataset.state === "busy" || (!labels.length && !first);
}

function nothing() {
  return picker.codebook.outside ? "Choose a code" : "Choose a domain";
}

function show(item, message = "") {
  page.item = item;
  $("note").value = "";
  $("find").value = "";
  $("coding").hidden = !item;
  if (!item) {
    fill(
      $("passage"),
      make("p", { class: "empty" }, message),
      make("p", { class: "empty-status", role: "status" }),
      make("button", { type: "button", onclick: undo }, "Undo the last answer"),
    );
    fill($("sides"));
    for (const one of ["role", "aria-label", "aria-describedby"]) $("passage").removeAttribute(one);
    $("passage").focus();
    state("ready");
    return;
  }
  showPassage($("passage"), item);
  sides(item, take);
  picker.show(item.suggestion ?? null);
  banner(item, page.left, picker.codebook.outside);
  const draft = draftOf(page);
  if (draft) refill(draft);
  scrollTo(0, 0);
  $("reading").scrollTop = $("coding").scrollTop = 0;
  $("passage").focus({ preventScroll: true });
  $("passage").querySelector(".here").scrollIntoView({ block: "nearest" });
  setTimeout(() => state("ready"), SETTLE);
}

// ---- doing -----------------------------------------------------------------------------------

/** Put what was chosen and noted on a passage in again. */
function refill({ labels, note }) {
  picker.load(labels);
  $("note").value = note;
}

/** Do something with the server; one thing at a time. */
async function busy(work) {
  state("busy");
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) {
      alarm(make("strong", {}, "This page failed. "), "Reload it; what it called saved is stored.");
      throw error;
    }
    alarm(make("strong", {}, error instanceof NotStored ? "Not stored. " : "Not done. "), error.message);
    state("ready");
  }
}

async function next(after = 0) {
  if (page.view === "conflicts") {
    const told = await insist("/api/conflict", { after });
    page.left = told.left;
    const later = `${count(told.later, "disagreement")} can be seen once you have coded the passage yourself.`;
    show(told.conflict, told.later ? later : "Coders differ on nothing that is open.");
  } else {
    const told = await insist("/api/question", page.only);
    show(told.question, told.message);
  }
}

function answer(labels, skip = false) {
  const given = {
    token: newToken(),
    ...identity,
    utterance: page.item.utterance,
    labels: labels.map(({ code, valence }) => ({ code, valence })),
    skip,
    note: $("note").value,
    run: page.item.run ?? null,
    adjudicates: page.view === "conflicts",
  };
  return busy(async () => {
    say("Saving…");
    await deliver(given);
    forget(page);
    say(skip ? "Skipped." : `Saved: ${inWords(labels)}.`);
    page.answered += 1;
    refreshProgress();
    if (page.answered % ADVICE_EVERY === 0) refreshAdvice();
    await next(given.utterance);
  });
}

function save() {
  if (!ready() || !page.item) return;
  if (!picker.labels().length && accepts()) picker.toggle(accepts().name, true);
  const labels = picker.labels();
  if (labels.length) answer(labels);
  else say(`${nothing()}, or x for no code.`);
}

function none() {
  if (ready() && page.item) answer([]);
}

function skip() {
  if (page.view === "themes") board.reach("split-name");
  if (!ready() || !page.item) return;
  if (page.view === "conflicts") busy(() => next(page.item.utterance));
  else answer([], true);
}

function undo() {
  if (!ready()) return;
  if (page.view === "themes") {
    board.undo();
    return;
  }
  busy(async () => {
    const told = await insist("/api/undo", { token: newToken() });
    if (!told.undone) {
      say("There is nothing to take back.");
      state("ready");
      return;
    }
    refreshProgress();
    const back = await again(told);
    say(`Taken back: ${inWords(told.labels)}.${back ? "" : " Somebody else has that passage now."}`);
  });
}

/** Put a question again, with the answer that was taken back filled in. */
async function again(told) {
  if (told.conflict) {
    tab("conflicts");
    await next(told.conflict - 1);
    if (page.item?.utterance !== told.conflict) return false;
  } else {
    tab("questions");
    if (!told.question) {
      await next();
      return false;
    }
    show(told.question);
  }
  refill(told);
  return true;
}

function take(place) {
  const { labels } = page.item.sides[place];
  picker.load(labels);
  $(labels.length ? "save" : "none").focus();
  say(labels.length ? "" : "No code: store that with x.");
}

function choose(place) {
  if (!ready() || !page.item) return;
  if (page.view === "conflicts") {
    if (page.item.sides[place]) take(place);
  } else if (picker.suggested[place]) {
    picker.toggle(picker.suggested[place].name);
    picker.reveal();
  }
}

function chooseCode(place) {
  const code = picker.proposed[place];
  if (!ready() || !page.item || !code) return;
  picker.pick(code);
  if (code.domain) picker.reveal();
}

function direct(letter) {
  if (page.view === "themes") {
    if (letter === "m") board.reach("move-into");
    return;
  }
  const valence = { b: "barrier", f: "facilitator", m: "mixed", n: "neutral" }[letter];
  if (ready() && !picker.direct(valence)) say("Choose a domain first, then its direction.");
}

function tab(view) {
  page.view = view;
  for (const name of VIEWS) {
    if (name === view) $(`tab-${name}`).setAttribute("aria-current", "page");
    else $(`tab-${name}`).removeAttribute("aria-current");
  }
  $("filters").hidden = view !== "questions";
  $("main").hidden = view === "themes";
  $("themes").hidden = view !== "themes";
}

function open(view) {
  if (!ready() || (page.view === view && view !== "themes")) return;
  setAside(page, picker);
  tab(view);
  if (view === "themes") {
    page.item = null; // no key answers what is out of sight
    board.show();
  } else {
    busy(() => next());
  }
}

// ---- setting up ------------------------------------------------------------------------------

const KEYS = [
  { keys: ["Enter"], shown: ["Enter"], does: "Save what is chosen; where nothing is chosen and the model is sure, accept its first domain", run: save },
  { keys: ["1", "2", "3"], shown: ["1", "2", "3"], does: "Choose a suggested domain, or a coder's answer where coders differ", run: (key) => choose(Number(key) - 1), short: "suggested" },
  { keys: ["4", "5", "6"], shown: ["4", "5", "6"], does: "Choose one of the study's codes that the model ranks; its domain comes with it", run: (key) => chooseCode(Number(key) - 4) },
  { keys: ["b", "f", "m", "n"], shown: ["b", "f", "m", "n"], does: "Barrier, facilitator, mixed, neutral: direction of the domain chosen last", run: direct, short: "direction" },
  { keys: ["/"], shown: ["/"], does: "Find a domain or code by name or construct; Enter chooses the first, Escape leaves", run: () => $("find").focus(), short: "find" },
  { keys: ["x", "0"], shown: ["x", "0"], does: "No code applies", run: none },
  { keys: ["s"], shown: ["s"], does: "Skip: somebody else may get it", run: skip },
  { keys: ["z", "u"], shown: ["z"], does: "Undo the last answer, or the last change of themes", run: undo },
  { keys: ["i"], shown: ["i"], does: "Definition of the domain chosen last", run: () => picker.active && picker.explain(picker.active), short: "definition" },
  { keys: ["c"], shown: ["c"], does: "Write a note; Escape leaves it", run: () => $("note").focus(), short: "note" },
  { keys: [], shown: ["m", "s"], does: "Under Themes, with passages chosen: move them, split them off" },
  { keys: ["?"], shown: ["?"], does: "This list", run: () => $("help").showModal(), short: "all keys" },
];

function wire() {
  const help = $("help");
  const clicks = { save, none, skip, undo, "help-button": () => help.showModal(), "help-close": () => help.close() };
  for (const [id, run] of Object.entries(clicks)) $(id).addEventListener("click", run);
  for (const view of VIEWS) $(`tab-${view}`).addEventListener("click", () => open(view));
  wireFields(picker, save);
  list(KEYS);
  listen(KEYS);
}

async function rescue() {
  const left = unsent();
  if (!left) return;
  const { noted, ...given } = left;
  await busy(async () => {
    await deliver({ ...given, note: "" });
    say(noted ? "Your last answer is saved, but its note was not kept: undo to write it anew." : "Your last answer is saved.");
  });
}

async function start() {
  let study;
  try {
    await enter();
    study = await call("/api/study");
  } catch (error) {
    $("gate").textContent = error.message;
    return;
  }
  Object.assign(identity, { coder: study.coder, study: study.study });
  $("study").textContent = study.name;
  $("coder").textContent = study.coder;
  document.title = `Review · ${study.name}`;
  picker = new Picker($("picker"), study.codebook, updateSave);
  board = new Board(busy, () => state("ready"));
  filters(study, (only) => {
    setAside(page, picker);
    page.only = only;
    busy(() => next());
  });
  wire();
  $("gate").hidden = true;
  $("main").hidden = false;
  document.querySelector("nav").hidden = false;
  keepFresh();
  await rescue();
  await busy(() => next());
}

start();
