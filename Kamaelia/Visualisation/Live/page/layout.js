// The layout: where the nodes of a scene are. It is computed in a worker.
// @ts-check
/** @import { LayoutAnswer, LayoutNode, LayoutRequest, Node, Scene } from "./types.js" */
import { layLines } from "./geometry.js";
import { HEAD, SUBTITLE } from "./scene.js";

export class Layout {
  /** @param {(scene: Scene) => void} onPlaced called when the nodes of a scene have their places */
  constructor(onPlaced) {
    this.worker = new Worker("layoutWorker.js", { type: "module" });
    this.worker.onmessage = (event) => this.#place(event.data);
    this.onPlaced = onPlaced;
    this.number = 0;
    /** @type {Scene | null} */
    this.scene = null; // the one whose layout is computed
    /** @type {[Scene, number] | null} */
    this.next = null; // a newer one, with its ratio
  }

  /** Place the nodes of a scene, if no newer one follows.
   * @param {Scene} scene @param {number} ratio width to height of the window */
  request(scene, ratio) {
    if (this.scene) {
      this.next = [scene, ratio];
      return;
    }
    this.scene = scene;
    /** @type {LayoutRequest} */
    const request = {
      number: ++this.number,
      roots: scene.roots.map(planOf),
      edges: edgesOf(scene),
      ratio,
    };
    this.worker.postMessage(request);
  }

  /** @param {LayoutAnswer} answer */
  #place(answer) {
    const scene = this.scene;
    this.scene = null;
    if (scene && answer.number === this.number) {
      for (const node of scene.nodes) {
        [node.x, node.y, node.w, node.h] = answer.places[node.key];
      }
      layLines(scene);
      scene.w = answer.w;
      scene.h = answer.h;
      this.onPlaced(scene);
    }
    if (this.next) {
      const [next, ratio] = this.next;
      this.next = null;
      this.request(next, ratio);
    }
  }
}

/** @param {Node} node @returns {LayoutNode} */
function planOf(node) {
  return {
    key: node.key,
    order: node.members[0].id,
    w: node.w,
    h: node.h,
    top: HEAD + (node.subtitle ? SUBTITLE : 0) + 8,
    children: node.children.map(planOf),
  };
}

/** Return the pairs of nodes that are linked, in the direction of the flow: where messages go both
 * ways, from the older component to the newer one.
 * @param {Scene} scene @returns {[string, string, number, number][]} */
function edgesOf(scene) {
  /** @type {Map<string, {a: Node, b: Node, data: [number, number], all: [number, number]}>} */
  const pairs = new Map();
  for (const each of scene.edges) {
    const isForth = each.source.members[0].id <= each.sink.members[0].id;
    const [a, b] = isForth ? [each.source, each.sink] : [each.sink, each.source];
    const key = `${a.key}\n${b.key}`;
    const pair = pairs.get(key) ?? { a, b, data: [0, 0], all: [0, 0] };
    pair.all[isForth ? 0 : 1]++;
    if (!each.isFaint) pair.data[isForth ? 0 : 1]++;
    pairs.set(key, pair);
  }
  return [...pairs.values()].map(({ a, b, data, all }) => {
    const isTurned = data[1] > 0 && data[0] === 0;
    const [from, to] = isTurned ? [b, a] : [a, b];
    return [from.key, to.key, data[0] || data[1] ? 4 : 1, all[isTurned ? 0 : 1]];
  });
}
