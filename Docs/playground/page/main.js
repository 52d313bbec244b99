// The playground: one step of the course at a time.
// @ts-check
import { answers } from "./answers.js";
import { Editor } from "./editor.js";
import { Python } from "./python.js";

/** @typedef {{key: string, title: string, page: string, task: string, note: string, hints: string[], starter: string, answer: string}} Step */

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

const MOST_OUTPUT = 20_000; // characters that are shown
const button = (/** @type {string} */ id) => byId(id, HTMLButtonElement);
const place = (/** @type {string} */ id) => byId(id, HTMLElement);
const choice = byId("steps", HTMLSelectElement);
const output = place("output");
const verdict = place("verdict");
const hints = place("hints");
const solution = place("solution");

/** @type {Step[]} */
const steps = await (await fetch("lessons.json")).json();
let step = steps[0];
let shownHints = 0;
let isReady = false;
/** @type {any} the connection of the picture */
let picture = null;

const editor = new Editor(byId("program", HTMLTextAreaElement), place("numbers"), () => answers.keep(step.key, editor.text));
const python = new Python(({ kind, value }) => REPORTS[kind]?.(value));

/** @type {Record<string, (value: string) => void>} */
const REPORTS = {
  ready: () => {
    isReady = true;
    place("state").textContent = "";
    showButtons();
  },
  output: (text) => {
    const shown = (output.textContent + text).slice(-MOST_OUTPUT);
    output.textContent = shown;
    output.scrollTop = output.scrollHeight;
  },
  picture: (text) => picture?.onMessage(JSON.parse(text)),
  verdict: (text) => {
    const judged = JSON.parse(text);
    showVerdict(judged.text, judged.isRight);
    if (judged.isRight) {
      answers.setDone(step.key);
      showChoice();
    }
  },
  silent: (seconds) => {
    const unit = seconds === "1" ? "second" : "seconds";
    place("state").textContent = seconds ? `A turn has run for ${seconds} ${unit}; Stop ends it.` : "";
  },
  done: () => {
    place("state").textContent = isReady ? "" : place("state").textContent;
    picture?.onState(false);
    showButtons();
  },
  replaced: () => {
    isReady = false;
    place("state").textContent = "Python is loading again …";
    showVerdict("The program did not end, and could not be interrupted. Is there a loop without `yield`?", false);
    REPORTS.done("");
  },
  failed: (reason) => {
    place("notice").textContent = `Python cannot be loaded: ${reason}`;
    place("notice").hidden = false;
  },
};

/** Set a text in which backquotes mark code. @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  const parts = text.split("`").map((part, index) => {
    if (index % 2 === 0) return part;
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
  element.replaceChildren(...parts);
}

/** @param {string} text @param {boolean} isRight */
function showVerdict(text, isRight) {
  setText(verdict, text);
  verdict.className = isRight ? "right" : "wrong";
  verdict.hidden = false;
}

function showButtons() {
  const isIdle = isReady && !python.isBusy;
  button("run").disabled = button("check").disabled = !isIdle;
  button("stop").disabled = !python.isBusy;
  const rest = step.hints.length - shownHints;
  button("hint").disabled = rest === 0 && !solution.hidden;
  button("hint").textContent = rest ? `Hint (${shownHints + 1} of ${step.hints.length})` : "Answer";
}

function showChoice() {
  const options = steps.map((each) => {
    const option = document.createElement("option");
    option.value = each.key;
    option.textContent = `${answers.isDone(each.key) ? "✓ " : ""}${each.title}`;
    return option;
  });
  choice.replaceChildren(...options);
  choice.value = step.key;
}

/** @param {Step} chosen */
function show(chosen) {
  python.stop();
  step = chosen;
  shownHints = 0;
  place("task").innerHTML = step.task + (step.note ? `<p class="note">${step.note}</p>` : ""); // our own text
  byId("chapter", HTMLAnchorElement).href = `../${step.page}.html`;
  hints.replaceChildren();
  hints.hidden = verdict.hidden = solution.hidden = true;
  output.textContent = "";
  editor.text = answers.program(step.key) ?? step.starter;
  document.title = `${step.title} – Kamaelia playground`;
  showChoice();
  showButtons();
}

function showHint() {
  if (shownHints < step.hints.length) {
    const item = document.createElement("li");
    item.innerHTML = step.hints[shownHints++]; // our own text
    hints.append(item);
    hints.hidden = false;
  } else {
    /** @type {HTMLElement} */ (solution.querySelector("pre")).textContent = step.answer;
    solution.hidden = false;
    /** @type {HTMLDetailsElement} */ (solution).open = true;
  }
  showButtons();
}

/** Begin to run or to judge the program. @param {() => void} ask */
function begin(ask) {
  if (!isReady || python.isBusy) return;
  output.textContent = "";
  verdict.hidden = true;
  ask();
  showButtons();
}

const run = () =>
  begin(() => {
    picture?.onMessage({ type: "system" });
    picture?.onState(true);
    python.play(step.key, editor.text, byId("slowly", HTMLInputElement).checked);
  });

button("run").onclick = run;
button("check").onclick = () => begin(() => python.check(step.key, editor.text));
button("stop").onclick = () => {
  place("state").textContent = "The program is being stopped …";
  python.stop();
};
button("hint").onclick = showHint;
button("reset").onclick = () => {
  answers.forget(step.key);
  show(step);
};
choice.onchange = () => (location.hash = choice.value);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
});

function followAddress() {
  show(steps.find((each) => `#${each.key}` === location.hash) ?? steps[0]);
}
window.addEventListener("hashchange", followAddress);

// What the picture calls.
Object.assign(window, {
  playground: {
    attach: (/** @type {any} */ connection) => (picture = connection),
    request: (/** @type {string} */ text) => python.request(text),
  },
});
byId("picture", HTMLIFrameElement).src = "live/index.html";
followAddress();
