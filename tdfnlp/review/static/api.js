// Requests, and what to do where one fails: say so loudly, keep what was meant, try again.

import { $, fill, make } from "./dom.js";

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 4000;
const PATIENCE = 30_000;
const MEANT_ELSEWHERE = 409;
const ADVICE = {
  401: "Open the link that tdfnlp review printed last, in this browser.",
  503: "Look whether its disk or database is full or out of reach.",
};
const CHANGE = "/api/themes/change";
const KEPT = { "/api/answer": "answer", [CHANGE]: "change" };

/** Who works here, on which study: said with every request, so that an old tab changes no other. */
export const identity = {};

/** The server understood and said no; trying again would not help. */
export class Refused extends Error {}

/** An answer was refused: it is not in the study. */
export class NotStored extends Refused {}

/** Nobody answered, or the server could not do it now; trying again may help. */
class Trouble extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

export async function call(path, body) {
  const options = { credentials: "same-origin", cache: "no-store", redirect: "error" };
  options.signal = AbortSignal.timeout(PATIENCE);
  if (body !== undefined) {
    options.method = "POST";
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify({ ...identity, ...body });
  }
  let answer, told;
  try {
    answer = await fetch(path, options);
    told = await answer.json();
  } catch {
    throw new Trouble("tdfnlp cannot be reached: is the program still running?");
  }
  if (answer.ok) return told;
  if (answer.status === 401 || answer.status >= 500) throw new Trouble(told.error, answer.status);
  throw new Refused(told.error, { cause: answer.status });
}

let pending = false; // whether something waits to be stored

/** Call until the server has answered; a token in the body makes a repetition harmless. */
export async function insist(path, body) {
  let wait = FIRST_WAIT;
  for (;;) {
    try {
      const told = await call(path, body);
      if (path === CHANGE) pending = false;
      quiet();
      return told;
    } catch (error) {
      if (path === CHANGE) pending = error instanceof Trouble; // closing the tab would lose it
      if (!(error instanceof Trouble)) {
        quiet();
        throw error;
      }
      await trouble(error, KEPT[path], wait);
      wait = Math.min(wait * 1.5, LONGEST_WAIT);
    }
  }
}

/** Store an answer; until that is certain it stays in this tab, without its note. */
export async function deliver(answer) {
  keep(answer);
  try {
    const told = await insist("/api/answer", answer);
    keep(null);
    return told;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // Meant for another study or coder: it waits for them.
    if (error.cause !== MEANT_ELSEWHERE) keep(null);
    throw new NotStored(error.message);
  }
}

/** What an earlier load of this tab could not get stored. */
export function unsent() {
  try {
    return JSON.parse(sessionStorage.getItem(key()));
  } catch {
    return null;
  }
}

/** A key of its own for an answer. (randomUUID is missing where a page came over plain HTTP.) */
export function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
}

function key() {
  return `tdfnlp-unsent-${identity.study}-${identity.coder}`;
}

function keep(answer) {
  pending = answer !== null;
  try {
    if (answer === null) {
      sessionStorage.removeItem(key());
    } else {
      // A note may hold a participant's words: those stay out of the browser's storage.
      const { note, ...rest } = answer;
      sessionStorage.setItem(key(), JSON.stringify({ ...rest, noted: note !== "" }));
    }
  } catch {
    // A browser may forbid storage: then the answer is kept as long as the tab is not reloaded.
  }
}

addEventListener("beforeunload", (event) => {
  if (pending) event.preventDefault();
});

export function alarm(...children) {
  const box = $("alert");
  box.hidden = false;
  fill(box, ...children);
}

export function quiet() {
  const box = $("alert");
  if (!box.hidden) {
    box.hidden = true;
    fill(box);
  }
}

let again = () => {};

/** Try now what waits to be tried again. */
export function retry() {
  again();
}

/** Say what is wrong, and wait until it is time, or wished, to try again. */
function trouble(error, kind, wait) {
  const advice = ADVICE[error.status] ?? "Start it again if it was stopped.";
  const kept = kind
    ? `Your ${kind} is kept in this tab and sent again by itself. Do not close the tab.`
    : "This page tries again by itself.";
  const words = `${error.message} ${advice} ${kept} `;
  const box = $("alert");
  if (box.hidden || box.dataset.said !== words) {
    // Said once: a screen reader would read it at each attempt.
    box.dataset.said = words;
    alarm(
      make("strong", {}, kind ? "Not saved yet. " : "No connection. "),
      words,
      make("button", { type: "button", onclick: retry }, "Try now"),
    );
  }
  return new Promise((resolve) => {
    again = resolve;
    setTimeout(resolve, wait);
  });
}
