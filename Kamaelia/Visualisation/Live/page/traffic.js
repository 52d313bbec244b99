// The messages that pass: dots on the lines while they are few, and the width of the line.
// @ts-check
/** @import { Edge, Linkage, Scene } from "./types.js" */
import { pointOn } from "./geometry.js";

const WINDOW = 2000; // milliseconds over which single messages are counted
const PER_LINE = 450; // milliseconds that a dot takes on one line
const MOST_DOTS = 300;
const MOST_AT_ONCE = 3; // dots for the messages of one path in one message of the server

/** @typedef {[number | null, number, string]} Path sender, receiver, inbox */

export class Traffic {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    /** @type {{links: string[], began: number}[]} */
    this.dots = [];
    /** @type {Map<string, {links: string[], counts: [number, number][], rate: number}>} */
    this.paths = new Map();
    this.structure = -1;
    /** @type {Map<string, number>} messages per second of each linkage */
    this.linkRates = new Map();
    /** @type {Map<string, string[]>} */
    this.courses = new Map();
  }

  /** Note the messages that the server has counted.
   * @param {any} message @param {number} now @param {boolean} isCalm */
  apply(message, now, isCalm) {
    for (const [sender, receiver, box, count] of message.passed ?? []) {
      const path = this.#path([sender, receiver, box]);
      path.counts.push([now, count]);
      if (isCalm) continue;
      for (let i = 0; i < Math.min(count, MOST_AT_ONCE) && this.dots.length < MOST_DOTS; i++) {
        this.dots.push({ links: path.links, began: now + 110 * i });
      }
    }
    if (message.type === "system") for (const path of this.paths.values()) path.rate = 0;
    for (const [sender, receiver, box, rate] of message.rates ?? []) this.#path([sender, receiver, box]).rate = rate;
  }

  /** @param {Path} key */
  #path(key) {
    const text = key.join(" ");
    let path = this.paths.get(text);
    if (!path) {
      path = { links: this.courseOf(key), counts: [], rate: 0 };
      this.paths.set(text, path);
    }
    return path;
  }

  /** Compute the rates of all linkages. @param {number} now */
  update(now) {
    if (this.structure !== this.model.structure) {
      this.structure = this.model.structure;
      this.courses.clear();
      for (const [text, path] of this.paths) {
        const [sender, receiver, ...box] = text.split(" ");
        path.links = this.courseOf([sender ? Number(sender) : null, Number(receiver), box.join(" ")]);
      }
    }
    this.linkRates.clear();
    for (const [text, path] of this.paths) {
      path.counts = path.counts.filter(([time]) => now - time < WINDOW);
      const counted = path.counts.reduce((sum, [, count]) => sum + count, 0) / (WINDOW / 1000);
      const rate = path.rate || counted;
      if (!rate) this.paths.delete(text);
      for (const key of path.links) this.linkRates.set(key, (this.linkRates.get(key) ?? 0) + rate);
    }
    this.dots = this.dots.filter(({ links, began }) => now - began < PER_LINE * links.length);
  }

  /** Return the keys of the linkages from a sender to an inbox. @param {Path} path */
  courseOf([sender, receiver, box]) {
    const key = `${sender} ${receiver} ${box}`;
    let course = this.courses.get(key);
    if (!course) {
      course = this.#search(sender, receiver, box);
      this.courses.set(key, course);
    }
    return course;
  }

  /** @param {number | null} sender @param {number} receiver @param {string} box @returns {string[]} */
  #search(sender, receiver, box) {
    const { linkages } = this.model;
    for (const first of linkages.values()) {
      if (first.kind === "inbox to inbox") continue;
      if (sender === null ? first.sink !== receiver || first.sinkBox !== box : first.source !== sender) continue;
      /** @type {string[]} */
      const course = [];
      /** @type {Linkage | undefined} */
      let next = first;
      while (next && course.length < 50) {
        course.push(next.key);
        if (next.kind !== "outbox to outbox" && next.sink === receiver && next.sinkBox === box) return course;
        const mark = next.kind === "outbox to outbox" ? "" : "<";
        next = linkages.get(`${next.sink} ${mark}${next.sinkBox}`);
      }
    }
    return [];
  }

  /** Whether something moves. */
  isMoving() {
    return this.dots.length > 0;
  }

  /** @param {CanvasRenderingContext2D} context @param {Scene} scene @param {string} colour
   * @param {number} now @param {number} scale */
  drawDots(context, scene, colour, now, scale) {
    context.fillStyle = colour;
    const size = Math.max(3.5, 2.5 / scale);
    for (const { links, began } of this.dots) {
      const age = (now - began) / PER_LINE;
      if (age < 0) continue;
      const edge = scene.edgeOf.get(links[Math.floor(age)]);
      if (!edge) continue;
      const [x, y] = pointOn(edge, age % 1);
      context.beginPath();
      context.arc(x, y, size, 0, 2 * Math.PI);
      context.fill();
    }
  }

  /** Return the messages per second on a line. @param {Edge} edge */
  rateOf(edge) {
    let rate = 0;
    for (const each of edge.linkages) rate += this.linkRates.get(each.key) ?? 0;
    return rate;
  }
}
