// The components as a list, for screen readers and for those who prefer text.
// @ts-check
/** @import { Node, Scene } from "./types.js" */
import { stateOf, worstFill } from "./drawing.js";
import { element } from "./elements.js";

const WORDS = { held: "held", ready: "has work to do", sleeps: "sleeps", ended: "ended", failed: "ended with an error" };

export class List {
  /** @param {HTMLElement} place @param {(node: Node) => void} onChosen */
  constructor(place, onChosen) {
    this.place = place;
    this.onChosen = onChosen;
    this.text = "";
  }

  /** Show the scene, unless it is shown already. @param {Scene} scene */
  show(scene) {
    const text = scene.nodes.map((node) => `${node.key} ${this.#line(node)}`).join("\n");
    if (text === this.text) return;
    this.text = text;
    const focused = document.activeElement?.getAttribute("data-key");
    this.place.replaceChildren(this.#items(scene.roots));
    if (focused) {
      const again = [...this.place.querySelectorAll("button")].find((each) => each.dataset.key === focused);
      again?.focus();
    }
  }

  /** @param {Node[]} nodes @returns {HTMLUListElement} */
  #items(nodes) {
    return element("ul", {}, ...nodes.map((node) => {
      const state = stateOf(node);
      const button = element(
        "button",
        { type: "button", onclick: () => this.onChosen(node) },
        element("span", {}, node.title),
        element("span", { className: state === "held" || state === "failed" ? "held" : "state" }, ` ${this.#line(node)}`),
      );
      button.dataset.key = node.key;
      return element("li", {}, button, ...(node.children.length ? [this.#items(node.children)] : []));
    }));
  }

  /** @param {Node} node */
  #line(node) {
    const waiting = node.inPorts
      .filter((port) => worstFill(node, port.index) > 0)
      .map((port) => {
        const depth = Math.max(...node.members.map((each) => each.depths[port.index] ?? 0));
        return `${depth} in ${port.name}${worstFill(node, port.index) >= 1 ? " (full)" : ""}`;
      });
    const words = [WORDS[/** @type {keyof WORDS} */ (stateOf(node))], ...waiting];
    return `${node.subtitle ? `${node.subtitle}, ` : ""}${words.join(", ")}`;
  }
}

