// The panel with the details of a component, or with the errors.
// @ts-check
/** @import { Component } from "./types.js" */
import { element } from "./elements.js";

export class Panel {
  /** @param {HTMLElement} place @param {() => void} onClosed @param {(id: number) => void} onChosen */
  constructor(place, onClosed, onChosen) {
    this.place = place;
    this.onClosed = onClosed;
    this.onChosen = onChosen;
    this.state = element("dl");
    this.messages = element("div");
    /** @type {string | null} the box whose messages are shown; null: all */
    this.box = null;
    /** @type {number | null} */
    this.shown = null;
  }

  close() {
    this.place.hidden = true;
    this.shown = null;
  }

  #open(/** @type {string} */ title) {
    const close = element("button", { className: "close", type: "button", onclick: () => this.onClosed() }, "Close");
    this.place.replaceChildren(close, element("h2", {}, title));
    this.place.hidden = false;
  }

  /** @param {Component} each @param {any} details @param {Map<number, Component>} components
   * @param {HTMLElement} recording */
  show(each, details, components, recording) {
    this.shown = each.id;
    this.box = null;
    this.messages.replaceChildren();
    this.#open(each.label || each.class);
    const { place } = this;
    place.append(element("p", { className: "pale" }, `${details.className ?? each.class}, number ${each.id}`));
    place.append(element("h3", {}, "State"), this.state);
    this.update(each, components);
    place.append(this.messages, recording);
    if (details.docstring) place.append(element("h3", {}, "Description"), element("pre", {}, details.docstring));
    for (const kind of ["Inboxes", "Outboxes"]) this.#table(kind, details.boxes?.[kind]);
    this.#table("Settings", details.settings);
    if (details.source) place.append(element("h3", {}, "Source"), element("pre", {}, details.source));
  }

  /** Show a linkage. @param {string} title @param {string} box that of the sender
   * @param {HTMLElement} recording */
  showLinkage(title, box, recording) {
    this.shown = null;
    this.box = box;
    this.#open(title);
    this.state = element("dl");
    this.messages.replaceChildren();
    this.place.append(this.state, this.messages, recording);
  }

  /** @param {string} text */
  showRate(text) {
    this.state.replaceChildren(element("dt", {}, "rate"), element("dd", {}, text));
  }

  /** Show the last messages; those of boxes that are not mentioned stay. @param {any[]} boxes */
  showMessages(boxes) {
    for (const { box, isInbox, last } of boxes) {
      if (this.box !== null && (isInbox || box !== this.box)) continue;
      const title = this.box !== null ? "Last messages" : `Last messages ${isInbox ? "to" : "from"} ${box}`;
      const items = last.map((/** @type {any} */ each) => element("li", {}, each.text)).reverse();
      const key = `${isInbox} ${box}`;
      const part = element("div", {}, element("h3", {}, title), element("ol", {}, ...items));
      part.dataset.box = key;
      const known = [...this.messages.children].find((each) => each.getAttribute("data-box") === key);
      if (known) known.replaceWith(part);
      else this.messages.append(part);
    }
  }

  /** @param {string} title @param {Record<string, string> | undefined} rows */
  #table(title, rows) {
    if (!rows || !Object.keys(rows).length) return;
    const list = element("dl");
    for (const [name, text] of Object.entries(rows)) list.append(element("dt", {}, name), element("dd", {}, text));
    this.place.append(element("h3", {}, title), list);
  }

  /** Show the present state. @param {Component} each @param {Map<number, Component>} components */
  update(each, components) {
    const rows = [element("dt", {}, "state"), element("dd", {}, stateText(each))];
    for (const [id, box] of each.held) {
      const holder = components.get(id);
      const name = `${holder?.label || holder?.class || id}: ${box ?? ""}`;
      const link = element("button", { type: "button", onclick: () => this.onChosen(id) }, name);
      rows.push(element("dt", {}, "held by"), element("dd", {}, link));
    }
    each.inboxes.forEach(([name, limit], index) => {
      const depth = each.depths[index] ?? 0;
      if (!depth && !limit) return;
      const text = limit ? `${depth} of ${limit}` : `${depth}`;
      const isFull = depth >= (limit ?? 100);
      rows.push(element("dt", {}, name), element("dd", { className: isFull ? "full" : "" }, text));
    });
    this.state.replaceChildren(...rows);
  }

  /** @param {{text: string, traceback: string}[]} errors */
  showErrors(errors) {
    this.shown = null;
    this.#open("Errors");
    for (const { text, traceback } of [...errors].reverse()) {
      this.place.append(element("details", {}, element("summary", {}, text), element("pre", {}, traceback)));
    }
  }
}

/** @param {Component} each */
export function stateText(each) {
  if (each.hasFailed) return "ended with an error";
  if (each.endedAt) return "ended";
  return { held: "held", ready: "has work to do", sleeps: "sleeps" }[each.state] ?? each.state;
}
