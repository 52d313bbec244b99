// The page: it joins the system, its picture, the list and the panel.
// @ts-check
/** @import { Edge, Node, Scene, Theme } from "./types.js" */
import { Connection } from "./connection.js";
import { BOLD, draw, FONT, isOnSign } from "./drawing.js";
import { byId } from "./elements.js";
import { Layout } from "./layout.js";
import { List } from "./list.js";
import { Model } from "./model.js";
import { edgeAt, layLine } from "./geometry.js";
import { Panel } from "./panel.js";
import { SceneBuilder } from "./scene.js";
import { Recording } from "./sequence.js";
import { Traffic } from "./traffic.js";
import { nodeAt, nodeTowards, Viewport } from "./viewport.js";

const MOVE = 250; // milliseconds in which nodes move to their new places
const LIST_INTERVAL = 500;

const button = (/** @type {string} */ id) => byId(id, HTMLButtonElement);
const canvas = byId("picture", HTMLCanvasElement);
const search = byId("search", HTMLInputElement);
const notice = byId("notice", HTMLElement);
const helping = byId("helping", HTMLDialogElement);
const listPlace = byId("list", HTMLElement);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const model = new Model();
const traffic = new Traffic(model);
/** @type {Scene} */
let scene = { roots: [], nodes: [], edges: [], nodeOf: new Map(), edgeOf: new Map(), w: 0, h: 0 };
/** @type {{from: Map<string, [number, number]>, to: Map<string, [number, number]>, began: number} | null} */
let movement = null;
let shownStructure = -1;
let isDirty = true;
let isConnected = false;
let hasPicture = false;
/** @type {number | null} */
let selected = null;
/** @type {number | null} */
let onlyNear = null;
/** @type {string | null} */
let chosenEdge = null;
/** @type {Set<string>} */
const toggled = new Set();
/** @type {Theme} */
let theme = {};

const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
/** @type {Map<string, number>} */
const widths = new Map();

/** @param {string} text @param {boolean} isTitle */
function widthOf(text, isTitle) {
  const key = `${isTitle} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    context.font = isTitle ? BOLD : FONT;
    width = context.measureText(text).width;
    if (widths.size > 5000) widths.clear();
    widths.set(key, width);
  }
  return width;
}

function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const names = ["back", "text", "pale", "line", "faint", "body", "bodyEdge", "sleeps", "sleepsEdge",
    "group", "groupEdge", "bar", "green", "yellow", "red", "chosen", "dot"];
  theme = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  isDirty = true;
}

// The parts of the page

const viewport = new Viewport(canvas, () => (isDirty = true), (x, y, isDouble) => {
  const node = nodeAt(scene, x, y);
  if (node && (isDouble || isOnSign(node, x, y))) {
    if (isDouble !== isOnSign(node, x, y)) toggle(node); // a click on the sign has toggled it already
    return;
  }
  const edge = node && !node.isOpen ? null : edgeAt(scene, x, y, 8 / Math.min(1, viewport.view.scale));
  if (edge) chooseEdge(edge);
  else if (node) choose(node.members[0].id);
  else close();
});
const panel = new Panel(byId("details", HTMLElement), close, choose);
const recording = new Recording((ids) => connection.send({ type: "record", ids }));
const list = new List(listPlace, (node) => {
  if (node.kind === "stack" || (node.kind === "chassis" && !node.isOpen)) toggle(node);
  choose(node.members[0].id);
});
const layout = new Layout((placed) => {
  const places = (/** @type {Scene} */ from) =>
    new Map(from.nodes.map((node) => /** @type {[string, [number, number]]} */ ([node.key, [node.x, node.y]])));
  if (!calm.matches && scene.nodes.length && placed.nodes.length < 600) {
    movement = { from: places(scene), to: places(placed), began: performance.now() };
  }
  scene = placed;
  hasPicture = true;
  if (viewport.isFitted) viewport.fit(scene);
  isDirty = true;
});
const connection = new Connection(
  (message) => {
    if (message.type === "details") return showDetails(message);
    if (message.type === "messages") return panel.showMessages(message.boxes);
    if (message.type === "record") return recording.add(message.passages.map(withNames));
    model.apply(message, performance.now());
    traffic.apply(message, performance.now(), calm.matches);
    isDirty = true;
    if (message.type === "error") showErrorCount();
    if (message.type === "pause") showPause();
    return undefined;
  },
  (isOpen) => {
    isConnected = isOpen;
    document.body.dataset.state = isOpen ? "connected" : "lost";
    notice.textContent = isOpen ? "" : hasPicture ? "The system has ended, or cannot be reached." : "Connecting …";
  },
);

function rebuild() {
  shownStructure = model.structure;
  const built = new SceneBuilder(model, { toggled, onlyNear, width: widthOf }).build();
  const ratio = (canvas.clientWidth || innerWidth) / Math.max(1, canvas.clientHeight);
  layout.request(built, ratio);
}

/** @param {number} now */
function move(now) {
  if (!movement) return;
  const part = Math.min(1, (now - movement.began) / MOVE);
  const eased = part * (2 - part);
  for (const node of scene.nodes) {
    const to = movement.to.get(node.key);
    const from = movement.from.get(node.key) ?? to;
    if (!from || !to) continue;
    node.x = from[0] + (to[0] - from[0]) * eased;
    node.y = from[1] + (to[1] - from[1]) * eased;
  }
  for (const edge of scene.edges) layLine(edge);
  isDirty = true;
  if (part === 1) movement = null;
}

let frames = 0;

/** @param {number} now */
function frame(now) {
  model.dropGhosts(now);
  if (model.structure !== shownStructure) rebuild();
  move(now);
  if (traffic.isMoving()) isDirty = true;
  if (isDirty && !canvas.hidden) {
    isDirty = false;
    paint(now);
    frames++;
  }
  requestAnimationFrame(frame);
}

/** @param {number} now */
function paint(now) {
  traffic.update(now);
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  draw(context, {
    theme, scene, traffic, view: viewport.view, width, height, selected, chosenEdge, found: found(), now,
    order: model.isPaused ? model.order : [],
  });
}

/** The components that the search finds, or null if there is no search. */
function found() {
  const word = search.value.trim().toLowerCase();
  if (!word) return null;
  const matches = model.drawn().filter((each) => `${each.label} ${each.name}`.toLowerCase().includes(word));
  return new Set(matches.map((each) => each.id));
}

// What the user does

/** @param {number} id */
function choose(id) {
  selected = id;
  chosenEdge = null;
  isDirty = true;
  button("neighbours").disabled = false;
  const node = scene.nodeOf.get(id);
  if (panel.shown !== id) panel.shown = null;
  if (node && !canvas.hidden) viewport.reveal(node);
  connection.send({ type: "choose", id });
}

/** Name the sender and the receiver of a message as the picture does. @param {any} passage */
function withNames(passage) {
  const nameOf = (/** @type {number} */ id) => model.components.get(id)?.label;
  const [from, to] = [nameOf(passage.from), nameOf(passage.to)];
  return { ...passage, fromName: from || passage.fromName, toName: to || passage.toName };
}

/** @param {Edge} edge */
function chooseEdge(edge) {
  selected = null;
  chosenEdge = edge.key;
  isDirty = true;
  const [first] = edge.linkages;
  const title = `${edge.source.title}: ${first.sourceBox} → ${edge.sink.title}: ${first.sinkBox}`;
  panel.showLinkage(title, first.sourceBox, recording.show([first.source, first.sink]));
  connection.send({ type: "choose", id: first.source });
}

/** @param {any} message */
function showDetails(message) {
  const each = model.components.get(message.id) ?? model.ghosts.get(message.id);
  if (each && message.id === selected && panel.shown !== selected) panel.show(each, message, model.components, recording.show([each.id]));
}

function close() {
  if (selected !== null || chosenEdge !== null) connection.send({ type: "choose", id: null });
  selected = null;
  chosenEdge = null;
  onlyNear = null;
  recording.stop();
  button("neighbours").disabled = true;
  button("neighbours").ariaPressed = "false";
  panel.close();
  rebuild();
  isDirty = true;
}

/** Open or close a chassis or a stack. @param {Node} node */
function toggle(node) {
  if (node.kind === "component") return;
  if (!toggled.delete(node.key)) toggled.add(node.key);
  rebuild();
}

function showNeighbours() {
  onlyNear = onlyNear === null ? selected : null;
  button("neighbours").ariaPressed = String(onlyNear !== null);
  viewport.isFitted = true;
  rebuild();
}

function showList() {
  listPlace.hidden = !listPlace.hidden;
  canvas.hidden = !listPlace.hidden;
  button("listing").ariaPressed = String(!listPlace.hidden);
  if (!listPlace.hidden) list.show(scene);
  else isDirty = true;
}

function showPause() {
  button("pause").textContent = model.isPaused ? "Continue" : "Pause";
  button("step").disabled = !model.isPaused;
}

function showErrorCount() {
  button("errors").hidden = false;
  button("errors").textContent = `Errors: ${model.errors.length}`;
}

function pause() {
  connection.send({ type: model.isPaused ? "continue" : "pause" });
}

function showSummary() {
  const now = performance.now();
  const { components, linkages } = model;
  const waits = [...components.values()].filter((each) => each.state === "held").length;
  const words = [`${components.size} components`, `${linkages.size} linkages`];
  if (waits) words.push(`${waits} held`);
  if (model.isPaused) words.push(`paused, ${model.order.length} have work to do`);
  const text = isConnected ? words.join(", ") : "";
  byId("summary", HTMLElement).textContent = text;
  const brief = model.briefCounts(now).slice(0, 3).map(([name, count]) => `+${count} ${name}`);
  byId("brief", HTMLElement).textContent = brief.length ? `${brief.join(", ")} in the last second` : "";
  if (!listPlace.hidden) list.show(scene);
  const shown = panel.shown === null ? undefined : components.get(panel.shown);
  if (shown) panel.update(shown, components);
  const edge = chosenEdge === null ? undefined : scene.edges.find((each) => each.key === chosenEdge);
  if (edge) panel.showRate(`${Math.round(traffic.rateOf(edge) * 10) / 10} messages a second`);
}

/** @type {Record<string, () => void>} */
const KEYS = {
  "/": () => search.focus(),
  "?": () => helping.showModal(),
  "+": () => viewport.zoom(1.25),
  "=": () => viewport.zoom(1.25),
  "-": () => viewport.zoom(0.8),
  0: () => viewport.fit(scene),
  n: () => selected !== null && showNeighbours(),
  l: showList,
  p: pause,
  ".": () => connection.send({ type: "step" }),
  Escape: close,
  Enter: () => {
    const node = selected === null ? undefined : scene.nodeOf.get(selected);
    if (node) toggle(node);
  },
  ArrowLeft: () => step(-1, 0),
  ArrowRight: () => step(1, 0),
  ArrowUp: () => step(0, -1),
  ArrowDown: () => step(0, 1),
};

/** @param {number} dx @param {number} dy */
function step(dx, dy) {
  const from = selected === null ? undefined : scene.nodeOf.get(selected);
  const node = nodeTowards(scene, from, dx, dy);
  if (node) choose(node.members[0].id);
}

document.addEventListener("keydown", (event) => {
  const isText = event.target === search;
  if (event.ctrlKey || event.metaKey || event.altKey || helping.open) return;
  if (isText && event.key === "Escape") {
    search.value = "";
    canvas.focus();
    isDirty = true;
    return;
  }
  const isOnButton = event.target instanceof HTMLButtonElement && event.key === "Enter";
  const act = isText || isOnButton ? undefined : KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
search.addEventListener("input", () => (isDirty = true));
search.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  const [first] = found() ?? [];
  if (first !== undefined) choose(first);
});
button("pause").onclick = pause;
button("step").onclick = KEYS["."];
button("fit").onclick = () => viewport.fit(scene);
button("neighbours").onclick = showNeighbours;
button("listing").onclick = showList;
button("help").onclick = () => helping.showModal();
button("errors").onclick = () => panel.showErrors(model.errors);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readTheme);
new ResizeObserver(() => {
  const node = selected === null ? undefined : scene.nodeOf.get(selected);
  if (viewport.isFitted && hasPicture) viewport.fit(scene);
  else if (node && !canvas.hidden) viewport.reveal(node); // the panel may cover its place
  isDirty = true;
}).observe(canvas);

if (location.search) history.replaceState(null, "", location.pathname); // the token is in a cookie
readTheme();
notice.textContent = "Connecting …";
setInterval(showSummary, LIST_INTERVAL);
requestAnimationFrame(frame);

// For tests: what the page shows.
Object.assign(window, { kamaelia: { model, toggled, rebuild, traffic, viewport, scene: () => scene, frames: () => frames } });
