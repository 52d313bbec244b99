// The worker: Python with our packages. It is asked by messages, and reports {kind, value}.
// @ts-check

const CHECK_LIMIT = 8000; // milliseconds after which an answer that has not ended is judged
const PYODIDE = "./pyodide/pyodide.mjs";

const BEGIN = `
import sys
sys.path.insert(0, "/kamaelia")
from Docs.playground.browser import Player, rest

player = Player(report, rest, interrupts)
`;

/** @type {Promise<any>} */
let loading = Promise.reject(new Error("not begun"));
loading.catch(() => {});

/** @param {string} kind @param {any} [value] */
function report(kind, value = "") {
  self.postMessage({ kind, value });
}

/** @param {Uint8Array | null} interrupts the memory that is shared with the page, if any */
async function load(interrupts) {
  const { loadPyodide } = await import(PYODIDE);
  const python = await loadPyodide({ stdout: () => {}, stderr: () => {} });
  const archive = await (await fetch("kamaelia.zip")).arrayBuffer();
  python.FS.mkdir("/kamaelia");
  python.unpackArchive(archive, "zip", { extractDir: "/kamaelia" });
  python.globals.set("report", report);
  python.globals.set("interrupts", interrupts ?? undefined);
  await python.runPythonAsync(BEGIN);
  if (interrupts) python.setInterruptBuffer(interrupts);
  report("ready");
  return python;
}

/** @type {Int32Array | null} what the page sets, and rings, when the user asks for an end */
let bell = null;

/** Block the thread, with all that is in it, or until the bell rings. @param {number} time in milliseconds */
function blockThread(time) {
  if (time <= 0) return;
  if (bell) Atomics.wait(bell, 0, 0, time);
  else for (const until = performance.now() + time; performance.now() < until; );
}
Object.assign(self, { blockThread });

/** Call a method of the player. Python may wait in it. @param {string} call @param {any} request */
async function ask(call, request) {
  const python = await loading;
  python.globals.set("request", python.toPy(request));
  try {
    return await python.runPythonAsync(call);
  } catch (error) {
    report("output", `${error instanceof Error ? error.message.trim().split("\n").pop() : error}\n`);
    return undefined;
  }
}

/** @type {Record<string, (request: any) => any>} */
const ACTS = {
  begin: ({ interrupts, bell: shared }) => {
    bell = shared;
    loading = load(interrupts);
    loading.catch((error) => report("failed", error.message));
  },
  ping: () => report("beat"),
  play: async (request) => {
    await ask("player.play(request['key'], request['program'], 0.4 if request['isSlow'] else 0)", request);
    report("done");
  },
  check: async (request) => {
    const limit = setTimeout(() => loading.then((python) => python.runPython("player.giveUp()")), CHECK_LIMIT);
    const verdict = await ask("player.check(request['key'], request['program'])", request);
    clearTimeout(limit);
    if (verdict) report("verdict", verdict);
    report("done");
  },
  request: ({ text }) => loading.then((python) => python.globals.get("player").answer(text)),
  stop: () => loading.then((python) => python.runPython("player.stop()")),
};

self.onmessage = (event) => ACTS[event.data.type](event.data);
