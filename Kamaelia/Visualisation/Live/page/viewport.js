// The view of the picture: moved by dragging, zoomed by the wheel or two fingers.
// @ts-check
/** @import { Node, Scene, View } from "./types.js" */

const [SMALLEST, LARGEST] = [0.03, 3];
const MARGIN = 24;

export class Viewport {
  /** @param {HTMLCanvasElement} canvas @param {() => void} onMoved @param {(x: number, y: number, isDouble: boolean) => void} onPicked */
  constructor(canvas, onMoved, onPicked) {
    this.canvas = canvas;
    this.onMoved = onMoved;
    this.onPicked = onPicked;
    /** @type {View} */
    this.view = { scale: 1, x: 0, y: 0 };
    this.isFitted = true; // the user has not moved it
    /** @type {Map<number, PointerEvent>} */
    this.pointers = new Map();
    this.moved = 0;
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.pointers.delete(event.pointerId));
    canvas.addEventListener("dblclick", (event) => this.onPicked(...this.#placeOf(event), true));
  }

  /** Show the whole scene. @param {Scene} scene */
  fit(scene) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const scale = Math.min((width - 2 * MARGIN) / (scene.w || 1), (height - 2 * MARGIN) / (scene.h || 1), 1.25);
    this.view.scale = clamp(scale);
    this.view.x = (width - scene.w * this.view.scale) / 2;
    this.view.y = (height - scene.h * this.view.scale) / 2;
    this.isFitted = true;
    this.onMoved();
  }

  /** Move so that a node is visible. @param {Node} node */
  reveal(node) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const { view } = this;
    if (view.scale < 0.5) {
      view.scale = 0.8;
    } else {
      const [left, top] = [node.x * view.scale + view.x, node.y * view.scale + view.y];
      const isInside = left >= 0 && top >= 0 && left + node.w * view.scale <= width && top + node.h * view.scale <= height;
      if (isInside) return;
    }
    view.x = width / 2 - (node.x + node.w / 2) * view.scale;
    view.y = height / 2 - (node.y + node.h / 2) * view.scale;
    this.isFitted = false;
    this.onMoved();
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] */
  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const { view } = this;
    const scale = clamp(view.scale * factor);
    view.x = x - ((x - view.x) * scale) / view.scale;
    view.y = y - ((y - view.y) * scale) / view.scale;
    view.scale = scale;
    this.isFitted = false;
    this.onMoved();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.offsetX, event.offsetY);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.pointers.set(event.pointerId, event);
    this.canvas.setPointerCapture(event.pointerId);
    if (this.pointers.size === 1) this.moved = 0;
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const other = [...this.pointers.values()].find((each) => each.pointerId !== event.pointerId);
    if (other) {
      const old = Math.hypot(before.offsetX - other.offsetX, before.offsetY - other.offsetY);
      const now = Math.hypot(event.offsetX - other.offsetX, event.offsetY - other.offsetY);
      if (old > 0) this.zoom(now / old, (event.offsetX + other.offsetX) / 2, (event.offsetY + other.offsetY) / 2);
    }
    const [dx, dy] = [event.offsetX - before.offsetX, event.offsetY - before.offsetY];
    this.moved += Math.abs(dx) + Math.abs(dy);
    if (this.moved > 4) {
      const part = other ? 0.5 : 1;
      this.view.x += dx * part;
      this.view.y += dy * part;
      this.isFitted = false;
      this.onMoved();
    }
    this.pointers.set(event.pointerId, event);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const wasDown = this.pointers.delete(event.pointerId);
    if (wasDown && this.moved <= 4 && !this.pointers.size) this.onPicked(...this.#placeOf(event), false);
  }

  /** Return the place of an event in the scene. @param {MouseEvent} event @returns {[number, number]} */
  #placeOf(event) {
    const { view } = this;
    return [(event.offsetX - view.x) / view.scale, (event.offsetY - view.y) / view.scale];
  }
}

/** @param {number} scale */
function clamp(scale) {
  return Math.max(SMALLEST, Math.min(LARGEST, scale));
}

/** Return the innermost node at a place. @param {Scene} scene @param {number} x @param {number} y */
export function nodeAt(scene, x, y) {
  for (let i = scene.nodes.length - 1; i >= 0; i--) {
    const node = scene.nodes[i];
    if (x >= node.x && x <= node.x + node.w && y >= node.y && y <= node.y + node.h) return node;
  }
  return null;
}

/** Return the nearest node in a direction, or the first node.
 * @param {Scene} scene @param {Node | undefined} from @param {number} dx @param {number} dy */
export function nodeTowards(scene, from, dx, dy) {
  if (!from) return scene.nodes[0] ?? null;
  let [best, least] = [/** @type {Node | null} */ (null), Infinity];
  for (const node of scene.nodes) {
    const x = node.x + node.w / 2 - from.x - from.w / 2;
    const y = node.y + node.h / 2 - from.y - from.h / 2;
    const along = x * dx + y * dy;
    const across = Math.abs(x * dy) + Math.abs(y * dx);
    if (node === from || along <= 1 || across > 3 * along) continue;
    if (along + 2 * across < least) [best, least] = [node, along + 2 * across];
  }
  return best;
}
