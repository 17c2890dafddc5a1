// The field that finds a domain or code, and the one for a note.

import { $ } from "./dom.js";

export function wireFields(picker, save) {
  const find = $("find");
  find.addEventListener("input", () => picker.find(find.value));
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Enter" && find.value) picker.chooseFound(find.value);
    find.value = "";
    picker.find("");
    find.blur();
    picker.reveal();
  });
  $("note").addEventListener("keydown", (event) => {
    if (event.key === "Escape") $("note").blur();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
  });
}
