// A recording of messages as a sequence diagram, and as Mermaid text.
// @ts-check
import { element } from "./elements.js";
import { short } from "./scene.js";

const COLUMN = 104;
const LINE = 30;
const TOP = 34;
const SVG = "http://www.w3.org/2000/svg";

/** @typedef {{from: number | null, fromName: string, to: number, toName: string, box: string, text: string}} Passage */

/** Return the participants in order: their ids with their names.
 * @param {Passage[]} passages @returns {Map<number | null, string>} */
function participantsOf(passages) {
  /** @type {Map<number | null, string>} */
  const names = new Map();
  for (const each of passages) {
    names.set(each.from, each.from === null ? "outside" : each.fromName);
    names.set(each.to, each.toName);
  }
  return names;
}

/** @param {Passage[]} passages */
export function mermaidOf(passages) {
  const lines = ["sequenceDiagram"];
  const key = (/** @type {number | null} */ id) => (id === null ? "outside" : `c${id}`);
  for (const [id, name] of participantsOf(passages)) lines.push(`    participant ${key(id)} as ${plain(name)}`);
  for (const each of passages) {
    lines.push(`    ${key(each.from)}->>${key(each.to)}: ${plain(each.box)}: ${plain(short(each.text, 60))}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Return a text without the characters that Mermaid would interpret. @param {string} text */
function plain(text) {
  return text.replace(/[#;<>\n\r:]/g, (letter) => `#${letter.charCodeAt(0)};`);
}

/** @param {Passage[]} passages */
export function diagramOf(passages) {
  const names = [...participantsOf(passages)];
  const columns = new Map(names.map(([id], index) => [id, COLUMN * index + COLUMN / 2]));
  const height = TOP + LINE * (passages.length + 1);
  const picture = svg("svg", { width: COLUMN * names.length, height, role: "img", class: "sequence" });
  picture.append(svg("title", {}, "The recorded messages in order"));
  for (const [id, name] of names) {
    const x = columns.get(id) ?? 0;
    picture.append(svg("line", { x1: x, x2: x, y1: TOP - 8, y2: height - 6, class: "life" }));
    picture.append(svg("text", { x, y: 18, class: "name" }, short(name, 14)));
  }
  passages.forEach((each, index) => {
    const y = TOP + LINE * (index + 0.7);
    const [x1, x2] = [columns.get(each.from) ?? 0, columns.get(each.to) ?? 0];
    const side = Math.sign(x2 - x1) || 1;
    picture.append(svg("line", { x1, x2: x1 === x2 ? x1 + 30 : x2, y1: y, y2: y, class: "message" }));
    picture.append(svg("path", { d: `M${x2},${y}l${-7 * side},-4v8z`, class: "head" }));
    const label = svg("text", { x: (x1 + x2) / 2, y: y - 5, class: "label" }, short(each.text, 14));
    label.append(svg("title", {}, `${each.box}: ${each.text}`));
    picture.append(label);
  });
  return picture;
}

/** @param {string} name @param {Record<string, any>} attributes @param {...string} text */
function svg(name, attributes, ...text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...text);
  return made;
}

export class Recording {
  /** @param {(ids: number[]) => void} begin */
  constructor(begin) {
    this.begin = begin;
    /** @type {Passage[]} */
    this.passages = [];
    this.isOn = false;
    this.place = element("div");
    this.button = element("button", { type: "button", id: "record", onclick: () => this.#toggle() });
    this.diagram = element("div", { className: "scroll" });
    this.text = element("textarea", {
      readOnly: true, rows: 5, ariaLabel: "The recording as Mermaid text", onblur: () => this.#write(),
    });
    this.copy = element(
      "button",
      { type: "button", onclick: () => navigator.clipboard.writeText(mermaidOf(this.passages)) },
      "Copy as Mermaid",
    );
    /** @type {number[]} */
    this.ids = [];
  }

  /** Return the part of the panel for these components. @param {number[]} ids */
  show(ids) {
    this.stop();
    this.ids = ids;
    this.passages = [];
    this.#draw();
    return this.place;
  }

  stop() {
    if (this.isOn) this.begin([]);
    this.isOn = false;
  }

  /** @param {Passage[]} passages */
  add(passages) {
    if (!this.isOn) return;
    this.passages.push(...passages);
    this.#draw();
  }

  #toggle() {
    if (this.isOn) this.stop();
    else {
      this.passages = [];
      this.isOn = true;
      this.begin(this.ids);
    }
    this.#draw();
  }

  #draw() {
    this.button.textContent = this.isOn ? "Stop recording" : "Record messages";
    /** @type {HTMLElement[]} */
    const parts = [element("h3", {}, "Recording"), this.button];
    if (this.passages.length) {
      this.diagram.replaceChildren(diagramOf(this.passages));
      this.#write();
      parts.push(this.diagram, this.text, this.copy);
    }
    if (parts.length !== this.place.children.length) this.place.replaceChildren(...parts);
  }

  /** Update the text, unless the user is selecting a part of it. */
  #write() {
    if (document.activeElement !== this.text) this.text.value = mermaidOf(this.passages);
  }
}
