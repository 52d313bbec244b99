// The worker that computes layouts: each chassis by itself, from the innermost to the outermost.
// @ts-check
/** @import { LayoutAnswer, LayoutNode, LayoutRequest } from "./types.js" */
import { Graph, layout } from "./dagre.js";

const GAP = 26; // between nodes that are not linked
const MARGIN = 24; // within a chassis
const LANE = 7; // height of a line that leads back
const BETWEEN = 60; // between a component and the next one in the flow

/** @typedef {{key: string, x: number, y: number, w: number, h: number}} Place */
/** @typedef {{places: Place[], w: number, h: number}} Plan */

self.onmessage = (event) => {
  /** @type {LayoutRequest} */
  const request = event.data;
  /** @type {LayoutAnswer} */
  const answer = { number: request.number, ...arrange(request) };
  self.postMessage(answer);
};

/** @param {LayoutRequest} request */
function arrange(request) {
  /** @type {Map<string, string[]>} */
  const paths = new Map();
  for (const root of request.roots) notePaths(root, [], paths);
  /** @type {Map<string, [string, string, number, number][]>} */
  const levels = new Map();
  for (const [from, to, weight, back] of request.edges) {
    const [a, b] = [paths.get(from) ?? [], paths.get(to) ?? []];
    let depth = 0;
    while (depth < a.length && a[depth] === b[depth]) depth++;
    if (depth === a.length || depth === b.length) continue; // one is within the other
    const key = depth ? a[depth - 1] : "";
    const edges = levels.get(key) ?? [];
    edges.push([a[depth], b[depth], weight, back]);
    levels.set(key, edges);
  }
  /** @type {Record<string, [number, number, number, number]>} */
  const places = {};
  const plan = planOf("", request.roots, levels, request.ratio);
  for (const each of plan.places) places[each.key] = [each.x, each.y, each.w, each.h];
  return { places, w: plan.w, h: plan.h };
}

/** @param {LayoutNode} node @param {string[]} above @param {Map<string, string[]>} paths */
function notePaths(node, above, paths) {
  const path = [...above, node.key];
  paths.set(node.key, path);
  for (const child of node.children) notePaths(child, path, paths);
}

/** Place the nodes of one chassis, and all that is in them.
 * @param {string} key @param {LayoutNode[]} nodes
 * @param {Map<string, [string, string, number, number][]>} levels @param {number} ratio @returns {Plan} */
function planOf(key, nodes, levels, ratio) {
  /** @type {Map<string, Place[]>} */
  const inner = new Map();
  for (const node of nodes) {
    if (!node.children.length) continue;
    const plan = planOf(node.key, node.children, levels, Math.min(2, ratio));
    inner.set(node.key, plan.places);
    node.w = Math.max(node.w, plan.w + 2 * MARGIN);
    node.h = Math.max(node.h, plan.h + node.top + MARGIN);
  }
  const groups = groupsOf(nodes, levels.get(key) ?? []);
  const plan = pack([...groups.filter((each) => !isSingle(each)), ...groups.filter(isSingle)], ratio);
  const top = new Map(nodes.map((node) => [node.key, node.top]));
  for (const each of [...plan.places]) {
    for (const part of inner.get(each.key) ?? []) {
      plan.places.push({ ...part, x: part.x + each.x + MARGIN, y: part.y + each.y + (top.get(each.key) ?? 0) });
    }
  }
  return plan;
}

/** Return a plan for each set of nodes that are linked with each other.
 * @param {LayoutNode[]} nodes @param {[string, string, number, number][]} edges @returns {Plan[]} */
function groupsOf(nodes, edges) {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  /** @type {Map<string, string>} */
  const leaders = new Map();
  const leaderOf = (/** @type {string} */ key) => {
    let leader = key;
    for (let above; (above = leaders.get(leader)) !== undefined; ) leader = above;
    if (leader !== key) leaders.set(key, leader);
    return leader;
  };
  for (const [a, b] of edges) {
    const [first, second] = [leaderOf(a), leaderOf(b)];
    if (first !== second) leaders.set(second, first);
  }
  /** @type {Map<string, {nodes: LayoutNode[], edges: [string, string, number, number][]}>} */
  const groups = new Map();
  for (const [key, node] of byKey) {
    const leader = leaderOf(key);
    const group = groups.get(leader) ?? { nodes: [], edges: [] };
    group.nodes.push(node);
    groups.set(leader, group);
  }
  for (const edge of edges) groups.get(leaderOf(edge[0]))?.edges.push(edge);
  return [...groups.values()].map((group) => ranked(group.nodes, group.edges));
}

/** Place nodes that are linked, in the order of the flow from left to right.
 * @param {LayoutNode[]} nodes @param {[string, string, number, number][]} edges @returns {Plan} */
function ranked(nodes, edges) {
  if (nodes.length === 1) {
    const [{ key, w, h }] = nodes;
    return { places: [{ key, x: 0, y: 0, w, h }], w, h };
  }
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: GAP, ranksep: BETWEEN, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { key, w, h } of [...nodes].sort((a, b) => a.order - b.order)) {
    graph.setNode(key, { width: w, height: h });
  }
  for (const [from, to, weight] of edges) {
    const known = graph.edge(from, to);
    graph.setEdge(from, to, { weight: Math.min(20, weight + (known?.weight ?? 0)) });
  }
  layout(graph);
  const places = nodes.map(({ key }) => {
    const { x, y, width, height } = graph.node(key);
    return { key, x: x - width / 2, y: y - height / 2, w: width, h: height };
  });
  const { width = 0, height = 0 } = graph.graph();
  const lanes = edges.reduce((sum, [, , , back]) => sum + back, 0);
  return { places, w: width, h: height + (lanes ? 10 + LANE * Math.min(lanes, 10) : 0) };
}

/** Return whether a plan is that of a node without linkages. @param {Plan} plan */
const isSingle = (plan) => plan.places.length === 1;

/** Arrange plans in rows, so that the whole has about this ratio of width to height. What is not
 * linked is not beside what is.
 * @param {Plan[]} plans @param {number} ratio @returns {Plan} */
function pack(plans, ratio) {
  const area = plans.reduce((sum, plan) => sum + (plan.w + GAP) * (plan.h + GAP), 0);
  const widest = Math.max(0, ...plans.map((plan) => plan.w));
  const limit = Math.max(widest, Math.sqrt(area * ratio) * 1.05);
  /** @type {Plan} */
  const whole = { places: [], w: 0, h: 0 };
  let [x, y, height] = [0, 0, 0];
  let wasSingle = false;
  for (const plan of plans) {
    if (x > 0 && (x + plan.w > limit || isSingle(plan) !== wasSingle)) {
      [x, y, height] = [0, y + height + GAP, 0];
    }
    wasSingle = isSingle(plan);
    for (const each of plan.places) whole.places.push({ ...each, x: each.x + x, y: each.y + y });
    whole.w = Math.max(whole.w, x + plan.w);
    x += plan.w + GAP;
    height = Math.max(height, plan.h);
    whole.h = Math.max(whole.h, y + height);
  }
  return whole;
}
