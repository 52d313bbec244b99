// The system as the browser knows it: components and linkages, kept up to date by messages.
// @ts-check
/** @import { Component, Linkage, Load } from "./types.js" */

const GHOST = 1200; // milliseconds for which a component that has ended is still drawn
const FAILED_GHOST = 6000; // the same, after an error
const MOST_GHOSTS = 40;

export class Model {
  constructor() {
    /** @type {Map<number, Component>} */
    this.components = new Map();
    /** @type {Map<string, Linkage>} */
    this.linkages = new Map();
    /** @type {Map<number, Component>} */
    this.ghosts = new Map();
    /** @type {Set<string>} boxes that are linked, or have held a message */
    this.usedBoxes = new Set();
    this.structure = 0; // grows with each change of the structure
    this.isPaused = false;
    /** @type {number[]} */
    this.order = [];
    /** @type {{time: number, classes: Record<string, number>}[]} */
    this.brief = [];
    /** @type {{text: string, traceback: string}[]} */
    this.errors = [];
  }

  /** Act on a message of the server.
   * @param {any} message @param {number} now in milliseconds */
  apply(message, now) {
    switch (message.type) {
      case "system":
        this.components.clear();
        this.linkages.clear();
        this.ghosts.clear();
        this.usedBoxes.clear();
        this.#change(message, now);
        break;
      case "change":
        this.#change(message, now);
        break;
      case "pause":
        this.isPaused = message.isPaused;
        this.order = message.order;
        break;
      case "error":
        this.errors.push({ text: message.text, traceback: message.traceback });
        this.errors.splice(0, this.errors.length - 50);
        this.#fail(message.component, now);
        break;
    }
  }

  /** @param {any} message @param {number} now */
  #change(message, now) {
    for (const id of message.ended ?? []) this.#end(id, now);
    for (const key of message.unlinked ?? []) this.linkages.delete(key);
    for (const each of message.components ?? []) this.#add(each);
    for (const each of message.linkages ?? []) {
      this.linkages.set(each.key, each);
      this.usedBoxes.add(`${each.source} ${each.kind === "inbox to inbox" ? "<" : ">"}${each.sourceBox}`);
      this.usedBoxes.add(`${each.sink} ${each.kind === "outbox to outbox" ? ">" : "<"}${each.sinkBox}`);
    }
    if (message.ended || message.unlinked || message.components || message.linkages) this.structure++;
    for (const [id, load] of Object.entries(message.loads ?? {})) this.#load(Number(id), load);
    if (message.brief) this.brief.push({ time: now, classes: message.brief });
  }

  /** @param {any} each */
  #add(each) {
    const known = this.components.get(each.id);
    const load = known ?? { state: "sleeps", depths: [], held: [] };
    this.components.set(each.id, {
      ...each,
      state: load.state,
      depths: load.depths,
      held: load.held,
      endedAt: 0,
      hasFailed: false,
    });
  }

  /** @param {number} id @param {Load} load */
  #load(id, [state, depths, held]) {
    const each = this.components.get(id);
    if (!each) return;
    each.state = state;
    each.depths = depths;
    each.held = held;
    for (let i = 0; i < depths.length; i++) {
      const key = depths[i] && i < each.inboxes.length ? `${id} <${each.inboxes[i][0]}` : "";
      if (key && !this.usedBoxes.has(key)) {
        this.usedBoxes.add(key);
        this.structure++;
      }
    }
  }

  /** @param {number} id @param {number} now */
  #end(id, now) {
    const each = this.components.get(id);
    if (!each) return;
    this.components.delete(id);
    each.endedAt = now;
    each.held = [];
    if (this.ghosts.size < MOST_GHOSTS) this.ghosts.set(id, each);
  }

  /** @param {string} name @param {number} now */
  #fail(name, now) {
    for (const each of [...this.components.values(), ...this.ghosts.values()]) {
      if (each.name !== name) continue;
      each.hasFailed = true;
      if (each.endedAt) each.endedAt = now;
    }
  }

  /** Forget the components that ended some time ago. Return whether there were any.
   * @param {number} now */
  dropGhosts(now) {
    let hasChanged = false;
    for (const [id, each] of this.ghosts) {
      if (now - each.endedAt > (each.hasFailed ? FAILED_GHOST : GHOST)) {
        this.ghosts.delete(id);
        hasChanged = true;
      }
    }
    if (hasChanged) this.structure++;
    return hasChanged;
  }

  /** Return how many components of each class lived only between two messages, in the last second.
   * @param {number} now @returns {[string, number][]} */
  briefCounts(now) {
    this.brief = this.brief.filter((each) => now - each.time < 1000);
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const { classes } of this.brief) {
      for (const [name, count] of Object.entries(classes)) {
        counts.set(name, (counts.get(name) ?? 0) + count);
      }
    }
    return [...counts].sort((a, b) => b[1] - a[1]);
  }

  /** Return the components that are drawn, in the order of their ids. */
  drawn() {
    return [...this.components.values(), ...this.ghosts.values()].sort((a, b) => a.id - b.id);
  }
}

/** Return how full an inbox is: 1 is full.
 * @param {Component} each @param {number} index */
export function fillOf(each, index) {
  const depth = each.depths[index] ?? 0;
  return depth / (each.inboxes[index]?.[1] ?? 100);
}
