// The picture of a scene on a canvas.
// @ts-check
/** @import { Node, Port, Scene, Theme, View } from "./types.js" */
import { placeOf } from "./geometry.js";
import { fillOf } from "./model.js";
import { HEAD, LONGEST_NAME, short } from "./scene.js";

export const FONT = '12px system-ui, "DejaVu Sans", sans-serif';
export const BOLD = '600 13px system-ui, "DejaVu Sans", sans-serif';
const CORNER = 11;
const BOX_NAMES = 0.62; // the scale below which names of boxes are left out
const TITLES = 0.3; // the same for signs
const [TITLE, SUBTITLE] = [13, 12]; // pixels, as in BOLD and FONT
const SMALL = 10; // pixels on the screen that titles have below the scale BOX_NAMES, if they fit
const SMALLEST = 5; // smaller texts are left out

/** @typedef {{theme: Theme, scene: Scene, view: View, width: number, height: number,
 *   traffic: import("./traffic.js").Traffic, chosenEdge: string | null, selected: number | null, found: Set<number> | null, order: number[], now: number}} Picture */

/** @param {CanvasRenderingContext2D} context @param {Picture} picture */
export function draw(context, picture) {
  const { scene, view, theme, width, height } = picture;
  context.save();
  context.fillStyle = theme.back;
  context.fillRect(0, 0, width, height);
  context.translate(view.x, view.y);
  context.scale(view.scale, view.scale);
  const visible = {
    left: -view.x / view.scale,
    top: -view.y / view.scale,
    right: (width - view.x) / view.scale,
    bottom: (height - view.y) / view.scale,
  };
  /** @param {Node} node */
  const isVisible = (node) =>
    node.x <= visible.right && node.x + node.w >= visible.left &&
    node.y <= visible.bottom && node.y + node.h >= visible.top;
  for (const node of scene.nodes) if (node.isOpen && isVisible(node)) drawChassis(context, picture, node);
  drawEdges(context, picture, visible);
  for (const node of scene.nodes) if (!node.isOpen && isVisible(node)) drawNode(context, picture, node);
  drawHolds(context, picture);
  picture.traffic.drawDots(context, scene, theme.dot, picture.now, view.scale);
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {Node} node @param {number} dx @param {number} dy */
function hexagon(context, node, dx = 0, dy = 0) {
  const [left, top, right, bottom] = [node.x + dx, node.y + dy, node.x + node.w + dx, node.y + node.h + dy];
  context.beginPath();
  context.moveTo(left + CORNER, top);
  context.lineTo(right - CORNER, top);
  context.lineTo(right, top + CORNER);
  context.lineTo(right, bottom - CORNER);
  context.lineTo(right - CORNER, bottom);
  context.lineTo(left + CORNER, bottom);
  context.lineTo(left, bottom - CORNER);
  context.lineTo(left, top + CORNER);
  context.closePath();
}

/** @param {CanvasRenderingContext2D} context @param {Picture} picture @param {Node} node */
function drawChassis(context, { theme, view, selected, found }, node) {
  const isChosen = node.members[0].id === selected;
  context.globalAlpha = isDim(node, found) ? 0.35 : 1;
  hexagon(context, node);
  context.fillStyle = theme.group;
  context.fill();
  context.setLineDash([6, 4]);
  context.lineWidth = isChosen ? 3 : 1.3;
  context.strokeStyle = isChosen ? theme.chosen : theme.groupEdge;
  context.stroke();
  context.setLineDash([]);
  context.textBaseline = "middle";
  context.textAlign = "left";
  const [size, below] = sizesOf(node, view.scale);
  if (size) {
    context.font = BOLD.replace(`${TITLE}`, `${Math.min(size, HEAD - 4)}`);
    context.fillStyle = theme.text;
    context.fillText(short(node.title, 30), node.x + 16, node.y + HEAD / 2 + 4);
  }
  if (below && node.subtitle) {
    context.font = FONT.replace(`${SUBTITLE}`, `${Math.min(below, HEAD - 8)}`);
    context.fillStyle = theme.pale;
    context.fillText(short(node.subtitle, 34), node.x + 16, node.y + HEAD + 8);
  }
  if (view.scale >= TITLES) drawSign(context, theme, node);
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {Picture} picture @param {Node} node */
function drawNode(context, { theme, view, selected, found, order }, node) {
  const { members } = node;
  const isChosen = selected !== null && members.some((each) => each.id === selected);
  const state = stateOf(node);
  context.globalAlpha = isDim(node, found) ? 0.25 : state === "ended" ? 0.45 : 1;
  context.lineWidth = 1.5;
  context.strokeStyle = state === "sleeps" || state === "ended" ? theme.sleepsEdge : theme.bodyEdge;
  context.fillStyle = state === "sleeps" || state === "ended" ? theme.sleeps : theme.body;
  if (node.kind !== "component") {
    for (const shift of node.kind === "stack" ? [8, 4] : [4]) {
      hexagon(context, node, shift, shift);
      context.fill();
      context.stroke();
    }
  }
  hexagon(context, node);
  if (state === "failed") context.fillStyle = context.strokeStyle = theme.red;
  context.fill();
  if (state === "held") [context.lineWidth, context.strokeStyle] = [3, theme.red];
  context.stroke();
  if (isChosen) {
    const gap = 4 / Math.min(1, view.scale); // around the outline, whose colour shows the state
    hexagon(context, { ...node, x: node.x - gap, y: node.y - gap, w: node.w + 2 * gap, h: node.h + 2 * gap });
    context.lineWidth = 2.5 / Math.min(1, view.scale);
    context.strokeStyle = theme.chosen;
    context.stroke();
  }
  drawTitle(context, theme, node, state === "failed", view.scale);
  if (node.kind !== "component" && view.scale >= TITLES) drawSign(context, theme, node);
  drawBoxes(context, theme, node, view.scale);
  if (node.inside.length > node.members.length) drawInnerBar(context, theme, node);
  const place = order.findIndex((id) => node.inside.some((each) => each.id === id));
  if (place >= 0 && view.scale >= TITLES) drawPlace(context, theme, node, place + 1);
  context.globalAlpha = 1;
}

/** Return the sizes of a title and a subtitle in the scene; 0 means that it would be too small.
 * Where the names of boxes are left out, there is room for larger texts.
 * @param {Node} node @param {number} scale @returns {number[]} */
function sizesOf(node, scale) {
  const room = node.w - (node.kind === "component" ? 14 : 48);
  const [title, subtitle] = [TITLE, SUBTITLE].map((usual, index) => {
    const fitting = Math.floor((usual * room) / Math.max(1, node.widths[index]));
    const size = scale < BOX_NAMES ? Math.max(usual, Math.min(Math.round(SMALL / scale), fitting)) : usual;
    return size * scale < SMALLEST ? 0 : size;
  });
  return [title, Math.min(title, subtitle)];
}

/** @param {CanvasRenderingContext2D} context @param {Theme} theme @param {Node} node
 * @param {boolean} isOnRed @param {number} scale */
function drawTitle(context, theme, node, isOnRed, scale) {
  const middle = node.x + node.w / 2;
  const [size, below] = sizesOf(node, scale);
  if (!size) return;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = BOLD.replace(`${TITLE}`, `${size}`);
  context.fillStyle = isOnRed ? theme.back : theme.text;
  context.fillText(short(node.title, 30), middle, node.y + (HEAD + size - TITLE) / 2 + 2);
  if (node.subtitle && below && size + below < node.h - 16) {
    context.font = FONT.replace(`${SUBTITLE}`, `${below}`);
    context.fillStyle = isOnRed ? theme.back : theme.pale;
    context.fillText(short(node.subtitle, 34), middle, node.y + HEAD + 6 + (size - TITLE) + (below - SUBTITLE) / 2);
  }
}

/** @param {CanvasRenderingContext2D} context @param {Theme} theme @param {Node} node @param {number} scale */
function drawBoxes(context, theme, node, scale) {
  context.font = FONT;
  context.textBaseline = "middle";
  const hasNames = scale >= BOX_NAMES;
  for (const port of node.inPorts) {
    const y = node.y + port.y;
    context.fillStyle = theme.line;
    context.fillRect(node.x - 3, y - 4, 6, 8);
    if (hasNames) {
      context.textAlign = "left";
      context.fillStyle = theme.pale;
      context.fillText(short(port.name, LONGEST_NAME), node.x + 8, y - 1);
    }
    drawBar(context, theme, node, port);
  }
  for (const port of node.outPorts) {
    const y = node.y + port.y;
    context.fillStyle = theme.line;
    context.fillRect(node.x + node.w - 3, y - 4, 6, 8);
    if (hasNames) {
      context.textAlign = "right";
      context.fillStyle = theme.pale;
      context.fillText(short(port.name, LONGEST_NAME), node.x + node.w - 8, y - 1);
    }
  }
}

/** Draw how full an inbox is; of a stack, the fullest one.
 * @param {CanvasRenderingContext2D} context @param {Theme} theme @param {Node} node @param {Port} port */
function drawBar(context, theme, node, port) {
  const fill = worstFill(node, port.index);
  if (fill <= 0) return;
  const width = Math.max(3, Math.min(1, fill) * (node.w / 2 - 12));
  context.fillStyle = theme.bar;
  context.fillRect(node.x + 7, node.y + port.y + 5, node.w / 2 - 12, 4);
  context.fillStyle = colourOf(fill, theme);
  context.fillRect(node.x + 7, node.y + port.y + 5, width, 4);
}

/** Draw how full the fullest inbox inside a closed chassis is.
 * @param {CanvasRenderingContext2D} context @param {Theme} theme @param {Node} node */
function drawInnerBar(context, theme, node) {
  let worst = 0;
  for (const each of node.inside) {
    for (let i = 0; i < each.depths.length; i++) if (each.depths[i]) worst = Math.max(worst, fillOf(each, i));
  }
  if (!worst) return;
  const width = node.w - 2 * CORNER;
  context.fillStyle = theme.bar;
  context.fillRect(node.x + CORNER, node.y + node.h - 9, width, 5);
  context.fillStyle = colourOf(worst, theme);
  context.fillRect(node.x + CORNER, node.y + node.h - 9, Math.max(4, Math.min(1, worst) * width), 5);
}

/** Draw the sign that opens or closes a chassis or a stack.
 * @param {CanvasRenderingContext2D} context @param {Theme} theme @param {Node} node */
function drawSign(context, theme, node) {
  const [x, y, half] = [node.x + node.w - 16, node.y + 13, 6];
  context.strokeStyle = theme.pale;
  context.lineWidth = 1.2;
  context.strokeRect(x - half, y - half, 2 * half, 2 * half);
  context.beginPath();
  context.moveTo(x - 3, y);
  context.lineTo(x + 3, y);
  if (!node.isOpen) {
    context.moveTo(x, y - 3);
    context.lineTo(x, y + 3);
  }
  context.stroke();
}

/** Return whether a place is that of the sign. @param {Node} node @param {number} x @param {number} y */
export function isOnSign(node, x, y) {
  return node.kind !== "component" && x > node.x + node.w - 28 && x < node.x + node.w - 4 && y < node.y + 26;
}

/** @param {number} fill @param {Theme} theme */
export function colourOf(fill, theme) {
  return fill >= 1 ? theme.red : fill >= 0.5 ? theme.yellow : theme.green;
}

/** @param {Node} node @param {number} index */
export function worstFill(node, index) {
  let worst = 0;
  for (const each of node.members) worst = Math.max(worst, fillOf(each, index));
  return worst;
}

/** Draw which turn of the paused system a component has.
 * @param {CanvasRenderingContext2D} context @param {Theme} theme @param {Node} node @param {number} place */
function drawPlace(context, theme, node, place) {
  context.beginPath();
  context.arc(node.x + node.w + 2, node.y - 2, 11, 0, 2 * Math.PI);
  context.fillStyle = theme.chosen;
  context.fill();
  context.font = BOLD;
  context.textAlign = "center";
  context.fillStyle = theme.back;
  context.fillText(`${place}`, node.x + node.w + 2, node.y - 1);
}

/** @param {Node} node @returns {string} */
export function stateOf(node) {
  const { inside } = node;
  if (inside.some((each) => each.hasFailed)) return "failed";
  if (inside.every((each) => each.endedAt)) return "ended";
  if (inside.some((each) => each.state === "held")) return "held";
  return inside.some((each) => each.state === "ready") ? "ready" : "sleeps";
}

/** @param {Node} node @param {Set<number> | null} found @returns {boolean} */
function isDim(node, found) {
  return found !== null && !node.inside.some((each) => found.has(each.id)) &&
    !node.children.some((each) => !isDim(each, found));
}

// Lines

/** @param {CanvasRenderingContext2D} context @param {Picture} picture
 * @param {{left: number, top: number, right: number, bottom: number}} visible */
function drawEdges(context, { scene, theme, view, selected, chosenEdge, found, traffic }, visible) {
  const isSmall = view.scale < TITLES;
  const unit = 1 / Math.min(1, Math.max(0.4, view.scale));
  for (const edge of scene.edges) {
    if (edge.isFaint && isSmall) continue;
    const { points } = edge;
    const [x1, y1, x2, y2] = [points[0], points[1], points[points.length - 2], points[points.length - 1]];
    if (Math.max(x1, x2) + 200 < visible.left || Math.min(x1, x2) - 200 > visible.right) continue;
    if (Math.max(y1, y2) + 200 < visible.top || Math.min(y1, y2) - 200 > visible.bottom) continue;
    const isChosen = chosenEdge === edge.key;
    const isNear = isChosen || (selected !== null && edge.linkages.some((each) => each.source === selected || each.sink === selected));
    context.globalAlpha = found && isDim(edge.source, found) && isDim(edge.sink, found) ? 0.2 : 1;
    const rate = traffic.rateOf(edge);
    context.lineWidth = unit * (1.4 + (isChosen ? 2 : isNear ? 1 : 0) + (rate > 10 ? 1.2 * Math.log10(rate) - 1 : 0));
    context.strokeStyle = context.fillStyle = isNear ? theme.chosen : edge.isFaint ? theme.faint : theme.line;
    context.beginPath();
    context.moveTo(x1, y1);
    for (let i = 2; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
    context.stroke();
    if (!isSmall) arrow(context, x2, y2);
  }
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y */
function arrow(context, x, y) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x - 8, y - 4);
  context.lineTo(x - 8, y + 4);
  context.fill();
}

/** Draw a line from each component that is held to the inbox that must be emptied.
 * @param {CanvasRenderingContext2D} context @param {Picture} picture */
function drawHolds(context, { scene, theme }) {
  context.strokeStyle = context.fillStyle = theme.red;
  context.lineWidth = 2.5;
  context.setLineDash([7, 4]);
  const done = new Set();
  for (const node of scene.nodes) {
    for (const member of node.inside) {
      for (const [id, box] of member.held) {
        const holder = scene.nodeOf.get(id);
        const key = `${node.key} ${holder?.key} ${box}`;
        if (!holder || holder === node || scene.nodeOf.get(member.id) !== node || done.has(key)) continue;
        done.add(key);
        const [x2, y2] = placeOf(holder, box, true);
        const [x1, y1] = [node.x + node.w, node.y + 8];
        context.beginPath();
        context.moveTo(x1, y1);
        context.bezierCurveTo(x1 + 40, y1 - 24, x2 - 40, y2 - 24, x2, y2);
        context.stroke();
        arrow(context, x2, y2);
      }
    }
  }
  context.setLineDash([]);
}
