// The types that several modules of the page share.

export type Held = [number, string | null];
export type Load = [string, number[], Held[]];

export interface Component {
  id: number;
  class: string;
  label: string;
  name: string;
  chassis: number | null;
  parent: number | null;
  inboxes: [string, number | null][];
  outboxes: string[];
  state: string;
  depths: number[];
  held: Held[];
  endedAt: number; // 0 while it runs
  hasFailed: boolean;
}

export interface Linkage {
  key: string;
  source: number;
  sourceBox: string;
  sink: number;
  sinkBox: string;
  kind: string;
}

export interface Port {
  name: string;
  index: number; // of the inbox in the component; -1: an outbox
  y: number; // within the node
}

export interface Node {
  key: string;
  kind: "component" | "chassis" | "stack";
  members: Component[]; // more than one: a stack
  inside: Component[]; // all that it represents: its members, and if it is closed what is in them
  title: string;
  subtitle: string;
  isOpen: boolean;
  children: Node[];
  parent: Node | null;
  widths: number[]; // of the title and the subtitle, in the usual fonts
  inPorts: Port[];
  outPorts: Port[];
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Edge {
  key: string;
  source: Node;
  sourceBox: string;
  sink: Node;
  sinkBox: string;
  isFaint: boolean;
  kind: string;
  linkages: Linkage[];
  points: number[]; // of its course: x, y, x, y, ...
  drop: number; // how far it goes below its ends, if it leads back
}

export interface Scene {
  roots: Node[];
  nodes: Node[]; // parents before their children
  edges: Edge[];
  nodeOf: Map<number, Node>; // the visible node of each component
  edgeOf: Map<string, Edge>; // the visible line of each linkage
  w: number;
  h: number;
}

export interface LayoutNode {
  key: string;
  order: number;
  w: number;
  h: number;
  top: number; // the space above the children
  children: LayoutNode[];
}

export interface LayoutRequest {
  number: number;
  roots: LayoutNode[];
  edges: [string, string, number, number][]; // from, to, weight, lines that lead back
  ratio: number; // width to height of the window
}

export interface LayoutAnswer {
  number: number;
  places: Record<string, [number, number, number, number]>;
  w: number;
  h: number;
}

export interface View {
  scale: number;
  x: number;
  y: number;
}

export type Theme = Record<string, string>;
