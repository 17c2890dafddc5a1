// What was chosen and noted, but not saved, for when its passage comes again.

import { $ } from "./dom.js";

const kept = new Map();
const key = ({ view, item }) => `${view} ${item.utterance}`;

export function setAside(page, picker) {
  if (!page.item) return;
  const draft = { labels: picker.labels(), note: $("note").value };
  if (draft.labels.length || draft.note) kept.set(key(page), draft);
  else forget(page);
}

export function draftOf(page) {
  return kept.get(key(page));
}

export function forget(page) {
  kept.delete(key(page));
}
