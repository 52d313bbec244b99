// Python in a worker: it runs programs, is interrupted, and is replaced if that does not help.
// @ts-check

const LISTEN = 100; // milliseconds between two looks whether the worker is heard
const LISTEN_AT_STOP = 15; // the same, when the user has asked for an end
const SILENCE = 5000; // after which a turn is interrupted
const SILENCE_AT_STOP = 30; // the same, when the user has asked for an end
const SILENCE_BEFORE_LOSS = 150; // the same, where an interrupt is not possible
const REPLACED = 1000; // after an interrupt without effect, the worker is replaced
const STOPPED = 4000; // the same, after the user has asked for an end
const SIGINT = 2;

/** @typedef {{kind: string, value: string}} Report */

export class Python {
  /** @param {(report: Report) => void} onReport
   * called with "ready", "output", "picture", "verdict", "done", "replaced" and "failed", and with
   * "silent" and the number of seconds in which the program has not given up its turn */
  constructor(onReport) {
    this.onReport = onReport;
    this.isBusy = false;
    this.heardAt = 0;
    this.interruptedAt = 0;
    this.stoppedAt = 0;
    /** @type {Uint8Array | null} */
    this.interrupts = null;
    /** @type {Int32Array | null} what the worker waits for in a pause between turns */
    this.bell = null;
    this.silence = 0; // seconds that have been reported
    this.worker = this.#begin();
    this.timer = setTimeout(() => this.#listen(), LISTEN);
  }

  #begin() {
    const isShared = typeof SharedArrayBuffer !== "undefined";
    // The signal, which Pyodide takes away, and the same for the limit on turns.
    this.interrupts = isShared ? new Uint8Array(new SharedArrayBuffer(2)) : null;
    this.bell = isShared ? new Int32Array(new SharedArrayBuffer(4)) : null;
    const worker = new Worker("worker.js", { type: "module" });
    worker.onmessage = (event) => this.#hear(event.data);
    worker.onerror = (event) => this.onReport({ kind: "failed", value: event.message ?? "" });
    worker.postMessage({ type: "begin", interrupts: this.interrupts, bell: this.bell });
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
    this.bell?.fill(0);
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
    if (this.bell) {
      Atomics.store(this.bell, 0, 1);
      Atomics.notify(this.bell, 0);
    }
    this.#listenAgain();
  }

  /** @param {Report} report */
  #hear(report) {
    this.heardAt = performance.now();
    this.interruptedAt = 0;
    this.#tellSilence(0);
    if (report.kind === "beat") return;
    if (report.kind === "done" || report.kind === "failed") this.isBusy = false;
    this.onReport(report);
  }

  #listenAgain() {
    clearTimeout(this.timer);
    const isStopping = this.isBusy && this.stoppedAt;
    this.timer = setTimeout(() => this.#listen(), isStopping ? LISTEN_AT_STOP : LISTEN);
  }

  #listen() {
    this.#judge();
    this.#listenAgain();
  }

  /** @param {number} seconds */
  #tellSilence(seconds) {
    if (seconds === this.silence) return;
    this.silence = seconds;
    this.onReport({ kind: "silent", value: seconds ? `${seconds}` : "" });
  }

  /** Interrupt or replace what is silent for too long. */
  #judge() {
    if (!this.isBusy) return;
    const now = performance.now();
    const isLost = this.interruptedAt && now - this.interruptedAt > REPLACED;
    const hasIgnoredStop = this.stoppedAt && now - this.stoppedAt > STOPPED;
    if (isLost || hasIgnoredStop) {
      this.#replace();
      return;
    }
    const silence = now - Math.max(this.heardAt, this.stoppedAt);
    const limitAtStop = this.interrupts ? SILENCE_AT_STOP : SILENCE_BEFORE_LOSS;
    if (silence > (this.stoppedAt ? limitAtStop : SILENCE) && !this.interruptedAt) this.#interrupt(now);
    if (!this.stoppedAt) this.#tellSilence(Math.floor(silence / 1000));
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
    this.#tellSilence(0);
    this.onReport({ kind: "replaced", value: "" });
    this.worker = this.#begin();
  }
}
