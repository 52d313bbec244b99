// The scene: what is drawn of the system. Chassis contain their parts or are closed, and equal
// siblings are a stack.
// @ts-check
/** @import { Component, Edge, Linkage, Node, Port, Scene } from "./types.js" */

export const ROW = 19; // pixels between two boxes of a node
export const HEAD = 25; // height of a title
export const LONGEST_NAME = 22; // letters of the name of a box
export const SUBTITLE = 15;
const STACK = 5; // equal siblings that become a stack
const MANY = 250; // components beyond which chassis are closed at first
const CROWD = 300; // siblings beyond which similar ones are a stack, too
const FAINT = new Set(["signal", "control"]);

/** @typedef {{toggled: Set<string>, onlyNear: number | null,
 *   width: (text: string, isTitle: boolean) => number}} Options */

export class SceneBuilder {
  /** @param {import("./model.js").Model} model @param {Options} options */
  constructor(model, options) {
    this.model = model;
    this.options = options;
    this.shown = this.#shown();
    /** @type {Map<number | null, Component[]>} */
    this.parts = new Map();
    /** @type {Map<number, string>} */
    this.signatures = new Map();
    this.isLarge = this.shown.size > MANY;
    /** @type {Map<number, Node>} */
    this.nodeOf = new Map();
    /** @type {Node[]} */
    this.nodes = [];
    /** @type {Map<number, Linkage[]>} */
    this.linked = new Map();
  }

  /** @returns {Scene} */
  build() {
    for (const each of this.shown.values()) {
      const parent = each.chassis !== null && this.shown.has(each.chassis) ? each.chassis : null;
      add(this.parts, parent, each);
    }
    for (const each of this.model.linkages.values()) {
      add(this.linked, each.source, each);
      if (each.source !== each.sink) add(this.linked, each.sink, each);
    }
    const roots = this.#nodesOf(null, null, "");
    const edges = this.#edges();
    /** @type {Map<string, Edge>} */
    const edgeOf = new Map();
    for (const edge of edges) for (const each of edge.linkages) edgeOf.set(each.key, edge);
    return { roots, nodes: this.nodes, edges, nodeOf: this.nodeOf, edgeOf, w: 0, h: 0 };
  }

  /** The components that are shown: all, or one with its neighbours and the chassis around it. */
  #shown() {
    const all = new Map(this.model.drawn().map((each) => [each.id, each]));
    const centre = this.options.onlyNear;
    if (centre === null || !all.has(centre)) return all;
    const near = new Set([centre]);
    for (const each of this.model.linkages.values()) {
      if (each.source === centre) near.add(each.sink);
      if (each.sink === centre) near.add(each.source);
    }
    return new Map([...all].filter(([id]) => near.has(id)));
  }

  /** @param {number | null} chassis @param {Node | null} parent @param {string} path
   * @returns {Node[]} */
  #nodesOf(chassis, parent, path) {
    const siblings = this.parts.get(chassis) ?? [];
    const isCrowd = siblings.length > CROWD;
    /** @type {Map<string, Component[]>} */
    const groups = new Map();
    for (const each of siblings) {
      add(groups, isCrowd ? `${each.class}:${each.label}` : this.#signatureAt(each), each);
    }
    /** @type {Node[]} */
    const made = [];
    for (const [signature, members] of groups) {
      if (members.length >= STACK && (isCrowd || !this.#areLinked(members))) {
        made.push(this.#node("stack", `${path}*${signature}`, members, parent, path));
      } else {
        for (const each of members) made.push(this.#single(each, parent, path));
      }
    }
    return made.sort((a, b) => a.members[0].id - b.members[0].id);
  }

  /** @param {Component} each @param {Node | null} parent @param {string} path @returns {Node} */
  #single(each, parent, path) {
    const kind = this.parts.has(each.id) ? "chassis" : "component";
    return this.#node(kind, `${each.id}`, [each], parent, path);
  }

  /** @param {Node["kind"]} kind @param {string} key @param {Component[]} members
   * @param {Node | null} parent @param {string} path @returns {Node} */
  #node(kind, key, members, parent, path) {
    const first = members[0];
    const title = first.label || first.class;
    /** @type {Node} */
    const node = {
      key,
      kind,
      members,
      title: kind === "stack" ? `${title} × ${members.length}` : title,
      subtitle: first.label ? first.class : "",
      inside: [],
      isOpen: this.#isOpen(kind, key),
      children: [],
      parent,
      widths: [0, 0], inPorts: [],
      outPorts: [],
      x: 0,
      y: 0,
      w: 0,
      h: 0,
    };
    this.nodes.push(node);
    for (const each of members) this.#own(each, node);
    if (kind === "chassis" && !node.isOpen) {
      const count = node.inside.length - 1;
      node.subtitle = `${count} component${count === 1 ? "" : "s"}`;
    }
    this.#measure(node);
    if (node.isOpen && kind === "stack") {
      node.inPorts = node.outPorts = [];
      node.children = members.map((each) => this.#single(each, node, key));
    } else if (node.isOpen) {
      node.children = this.#nodesOf(first.id, node, `${path}/${first.id}`);
    }
    return node;
  }

  /** @param {Node["kind"]} kind @param {string} key */
  #isOpen(kind, key) {
    const isToggled = this.options.toggled.has(key);
    return kind === "stack" ? isToggled : kind === "chassis" && isToggled === this.isLarge;
  }

  /** Let a node represent a component and everything in it.
   * @param {Component} each @param {Node} node */
  #own(each, node) {
    this.nodeOf.set(each.id, node);
    node.inside.push(each);
    if (node.isOpen) return;
    for (const part of this.parts.get(each.id) ?? []) this.#own(part, node);
  }

  /** @param {Component[]} members */
  #areLinked(members) {
    const ids = new Set(members.map((each) => each.id));
    return members.some((member) =>
      (this.linked.get(member.id) ?? []).some(
        (each) => each.source !== each.sink && ids.has(each.source) && ids.has(each.sink),
      ),
    );
  }

  /** Return a text that equal components have in common: their class, parts and neighbours.
   * @param {Component} each */
  #signatureAt(each) {
    const near = (this.linked.get(each.id) ?? []).map((linkage) => {
      const isSource = linkage.source === each.id;
      const other = this.shown.get(isSource ? linkage.sink : linkage.source);
      return isSource
        ? `${linkage.sourceBox}>${other?.class}`
        : `${other?.class}>${linkage.sinkBox}`;
    });
    const state = each.endedAt ? (each.hasFailed ? "!" : "-") : "";
    return `${state}${this.#signature(each)}{${[...new Set(near)].sort()}}`;
  }

  /** @param {Component} each @returns {string} */
  #signature(each) {
    const known = this.signatures.get(each.id);
    if (known !== undefined) return known;
    this.signatures.set(each.id, each.class); // in case that it contains itself
    const parts = (this.parts.get(each.id) ?? []).map((part) => this.#signature(part));
    const text = `${each.class}:${each.label}(${parts})`;
    this.signatures.set(each.id, text);
    return text;
  }

  /** Give a node its boxes and its size. @param {Node} node */
  #measure(node) {
    const { width } = this.options;
    const [first] = node.members;
    const used = this.model.usedBoxes;
    const top = HEAD + (node.subtitle ? SUBTITLE : 0);
    /** @type {(names: string[], mark: string) => Port[]} */
    const portsOf = (names, mark) =>
      names
        .map((name, index) => ({ name, index: mark === "<" ? index : -1, y: 0 }))
        .filter((port) => used.has(`${first.id} ${mark}${port.name}`))
        .map((port, row) => ({ ...port, y: top + ROW * row + ROW / 2 }));
    node.inPorts = portsOf(first.inboxes.map(([name]) => name), "<");
    node.outPorts = portsOf(first.outboxes, ">");
    const widest = (/** @type {Port[]} */ ports) =>
      Math.max(0, ...ports.map((port) => width(short(port.name, LONGEST_NAME), false)));
    const inside = widest(node.inPorts) + widest(node.outPorts) + 50;
    node.widths = [width(short(node.title, 30), true), width(short(node.subtitle, 34), false)];
    node.w = Math.max(96, inside, Math.max(...node.widths) + (node.kind === "component" ? 36 : 64));
    node.h = top + ROW * Math.max(node.inPorts.length, node.outPorts.length) + 9;
  }

  /** @returns {Edge[]} */
  #edges() {
    /** @type {Map<string, Edge>} */
    const edges = new Map();
    for (const each of this.model.linkages.values()) {
      const source = this.nodeOf.get(each.source);
      const sink = this.nodeOf.get(each.sink);
      if (!source || !sink || source === sink) continue;
      const sourceBox = isAt(source, each.source) ? each.sourceBox : "";
      const sinkBox = isAt(sink, each.sink) ? each.sinkBox : "";
      const key = `${source.key} ${sourceBox} ${sink.key} ${sinkBox} ${each.kind}`;
      const known = edges.get(key);
      if (known) known.linkages.push(each);
      else {
        const isFaint = FAINT.has(each.sourceBox) || FAINT.has(each.sinkBox);
        edges.set(key, {
          key, source, sourceBox, sink, sinkBox, isFaint, kind: each.kind, linkages: [each], points: [], drop: 0,
        });
      }
    }
    return [...edges.values()];
  }
}

/** Return whether a node represents this component itself, and not what is around it.
 * @param {Node} node @param {number} id */
function isAt(node, id) {
  return node.members.some((each) => each.id === id);
}

/** @template K, V @param {Map<K, V[]>} map @param {K} key @param {V} value */
function add(map, key, value) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Return a text of at most `most` characters. @param {string} text @param {number} most */
export function short(text, most) {
  const letters = text.length > most ? Array.from(text.slice(0, 2 * most)) : [];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text;
}
