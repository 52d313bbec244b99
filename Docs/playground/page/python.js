// Python in a worker: it runs programs, is interrupted, and is replaced if that does not help.
// @ts-check

const LISTEN = 100; // milliseconds between two looks whether the worker is heard
const SILENCE = 5000; // after which a turn is interrupted
const SILENCE_AT_STOP = 150; // the same, when the user has asked for an end
const REPLACED = 1000; // after an interrupt without effect, the worker is replaced
const STOPPED = 4000; // the same, after the user has asked for an end
const SIGINT = 2;

/** @typedef {{kind: string, value: string}} Report */

export class Python {
  /** @param {(report: Report) => void} onReport
   * called with "ready", "output", "picture", "verdict", "done", "replaced" and "failed" */
  constructor(onReport) {
    this.onReport = onReport;
    this.isBusy = false;
    this.heardAt = 0;
    this.interruptedAt = 0;
    this.stoppedAt = 0;
    /** @type {Uint8Array | null} */
    this.interrupts = null;
    this.worker = this.#begin();
    setInterval(() => this.#listen(), LISTEN);
  }

  #begin() {
    const isShared = typeof SharedArrayBuffer !== "undefined";
    // The signal, which Pyodide takes away, and the same for the limit on turns.
    this.interrupts = isShared ? new Uint8Array(new SharedArrayBuffer(2)) : null;
    const worker = new Worker("worker.js", { type: "module" });
    worker.onmessage = (event) => this.#hear(event.data);
    worker.onerror = (event) => this.onReport({ kind: "failed", value: event.message ?? "" });
    worker.postMessage({ type: "begin", interrupts: this.interrupts });
    return worker;
  }

  /** @param {string} key @param {string} program @param {boolean} isSlow */
  play(key, program, isSlow) {
    this.#ask({ type: "play", key, program, isSlow });
  }

  /** @param {string} key @param {string} program */
  check(key, program) {
    this.#ask({ type: "check", key, program });
  }

  /** @param {Record<string, any>} request */
  #ask(request) {
    this.interrupts?.fill(0);
    this.isBusy = true;
    this.heardAt = performance.now();
    this.interruptedAt = this.stoppedAt = 0;
    this.worker.postMessage(request);
  }

  /** Pass on what the picture asks for. @param {string} text */
  request(text) {
    if (this.isBusy) this.worker.postMessage({ type: "request", text });
  }

  /** End the program in order; if it does not end, interrupt it. */
  stop() {
    if (!this.isBusy) return;
    this.stoppedAt = performance.now();
    this.worker.postMessage({ type: "stop" });
  }

  /** @param {Report} report */
  #hear(report) {
    this.heardAt = performance.now();
    this.interruptedAt = 0;
    if (report.kind === "beat") return;
    if (report.kind === "done" || report.kind === "failed") this.isBusy = false;
    this.onReport(report);
  }

  #listen() {
    if (!this.isBusy) return;
    const now = performance.now();
    const isLost = this.interruptedAt && now - this.interruptedAt > REPLACED;
    const hasIgnoredStop = this.stoppedAt && now - this.stoppedAt > STOPPED;
    if (isLost || hasIgnoredStop) {
      this.#replace();
      return;
    }
    const isSilent = now - this.heardAt > (this.stoppedAt ? SILENCE_AT_STOP : SILENCE);
    if (isSilent && !this.interruptedAt) this.#interrupt(now);
    this.worker.postMessage({ type: "ping" });
  }

  /** @param {number} now */
  #interrupt(now) {
    this.interruptedAt = now;
    if (this.interrupts) this.interrupts.fill(SIGINT);
    else this.#replace();
  }

  #replace() {
    this.worker.terminate();
    this.isBusy = false;
    this.onReport({ kind: "replaced", value: "" });
    this.worker = this.#begin();
  }
}
