// Elements are made here and nowhere else, and text is only ever set as text.

export function $(id) {
  return document.getElementById(id);
}

/** Make an element: attributes, then children that are elements or strings. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick" || name === "onchange") {
      element.addEventListener(name.slice(2), value);
    } else if (typeof value === "boolean") {
      element.toggleAttribute(name, value);
    } else if (value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.filter((one) => one !== null));
  return element;
}

export function fill(element, ...children) {
  element.replaceChildren(...children.filter((one) => one !== null));
}

export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Say a share, but never that something is certain. */
export function percent(share) {
  const whole = Math.round(share * 100);
  if (whole >= 100) return "> 99 %";
  return whole <= 0 ? "< 1 %" : `${whole} %`;
}
