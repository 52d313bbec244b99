// The courses of lines: from an outbox to the right, into an inbox from the left.
// @ts-check
/** @import { Edge, Node, Scene } from "./types.js" */

const STEPS = 14; // of a curve
const LANE = 7; // pixels between two lines that lead back
const SIDE = 20;

/** Give each line that leads back a lane of its own below the nodes, and compute all courses.
 * @param {Scene} scene */
export function layLines(scene) {
  const back = scene.edges.filter(leadsBack).sort((a, b) => spanOf(a) - spanOf(b));
  /** @type {{left: number, right: number, low: number}[]} */
  const taken = [];
  for (const edge of back) {
    const [x1, , x2] = endsOf(edge);
    const [left, right] = [x2 - SIDE, x1 + SIDE];
    let low = bottomBetween(edge, scene) + 10;
    while (taken.some((each) => each.left < right && each.right > left && Math.abs(each.low - low) < LANE)) low += LANE;
    taken.push({ left, right, low });
    const [, y1, , y2] = endsOf(edge);
    edge.drop = low - Math.max(y1, y2);
  }
  for (const edge of scene.edges) layLine(edge);
}

/** @param {Edge} edge */
export function layLine(edge) {
  const [x1, y1, x2, y2] = endsOf(edge);
  /** @type {number[]} */
  const points = [x1, y1];
  if (!leadsBack(edge)) {
    const bend = Math.min(60, Math.max(8, Math.abs(x2 - x1) / 2));
    bezier(points, x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2);
  } else {
    const low = Math.max(y1, y2) + edge.drop;
    bezier(points, x1, y1, x1 + SIDE, y1, x1 + SIDE, low, x1 - 4, low);
    points.push(x2 + 4, low);
    bezier(points, x2 + 4, low, x2 - SIDE, low, x2 - SIDE, y2, x2, y2);
  }
  edge.points = points;
}

/** @param {Edge} edge */
function leadsBack(edge) {
  const [x1, , x2] = endsOf(edge);
  return x2 < x1 + 8 && !contains(edge.source, edge.sink) && !contains(edge.sink, edge.source);
}

/** @param {Edge} edge */
function spanOf(edge) {
  const [x1, , x2] = endsOf(edge);
  return x1 - x2;
}

/** @param {Node} outer @param {Node} inner */
function contains(outer, inner) {
  for (let node = inner.parent; node; node = node.parent) if (node === outer) return true;
  return false;
}

/** Return the bottom of the nodes that a line has to go round.
 * @param {Edge} edge @param {Scene} scene */
function bottomBetween({ source, sink, ...edge }, scene) {
  const [left, right] = [sink.x, source.x + source.w];
  const siblings = source.parent && source.parent === sink.parent ? source.parent.children : scene.roots;
  const ends = [source, sink].map((node) => node.y + node.h);
  let bottom = Math.max(...ends);
  const top = Math.min(source.y, sink.y);
  for (const node of siblings) {
    const isBetween = node.x < right && node.x + node.w > left && node.y < bottom && node.y + node.h > top;
    if (isBetween && node !== source && node !== sink && !contains(node, source) && !contains(node, sink)) {
      bottom = Math.max(bottom, node.y + node.h);
    }
  }
  return bottom;
}

/** @param {Edge} edge @returns {[number, number, number, number]} */
export function endsOf(edge) {
  const start = placeOf(edge.source, edge.sourceBox, edge.kind === "inbox to inbox");
  const end = placeOf(edge.sink, edge.sinkBox, edge.kind !== "outbox to outbox");
  return [...start, ...end];
}

/** Return where a box is. @param {Node} node @param {string | null} box @param {boolean} isInbox
 * @returns {[number, number]} */
export function placeOf(node, box, isInbox) {
  const port = (isInbox ? node.inPorts : node.outPorts).find((each) => each.name === box);
  return [node.x + (isInbox ? 0 : node.w), node.y + (port ? port.y : node.h / 2)];
}

/** Add points of a curve. @param {number[]} points @param {...number} c */
function bezier(points, ...c) {
  const [x0, y0, x1, y1, x2, y2, x3, y3] = c;
  for (let step = 1; step <= STEPS; step++) {
    const t = step / STEPS;
    const [a, b, d, e] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
    points.push(a * x0 + b * x1 + d * x2 + e * x3, a * y0 + b * y1 + d * y2 + e * y3);
  }
}

/** Return the place on a line after this part of its length. @param {Edge} edge @param {number} part
 * @returns {[number, number]} */
export function pointOn({ points }, part) {
  const index = Math.min(Math.max(0, part), 0.9999) * (points.length / 2 - 1);
  const i = 2 * Math.floor(index);
  const rest = index - i / 2;
  return [
    points[i] + (points[i + 2] - points[i]) * rest,
    points[i + 1] + (points[i + 3] - points[i + 1]) * rest,
  ];
}

/** Return the line at a place, or null. @param {Scene} scene @param {number} x @param {number} y
 * @param {number} most the distance at most */
export function edgeAt(scene, x, y, most) {
  let [best, least] = [/** @type {Edge | null} */ (null), most];
  for (const edge of scene.edges) {
    const { points } = edge;
    for (let i = 0; i + 3 < points.length; i += 2) {
      const distance = distanceTo(x, y, points[i], points[i + 1], points[i + 2], points[i + 3]);
      if (distance < least) [best, least] = [edge, distance];
    }
  }
  return best;
}

/** @param {...number} n */
function distanceTo(...n) {
  const [x, y, x1, y1, x2, y2] = n;
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = dx * dx + dy * dy;
  const part = length ? Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / length)) : 0;
  return Math.hypot(x - x1 - part * dx, y - y1 - part * dy);
}
