// The learner's programs, which stay in this browser.
// @ts-check

const PREFIX = "kamaelia.playground.";

/** @param {() => string | null | void} access @returns {string | null} */
function tried(access) {
  try {
    return access() ?? null;
  } catch {
    return null; // the browser keeps nothing, as in a private window
  }
}

export const answers = {
  /** @param {string} key */
  program: (key) => tried(() => localStorage.getItem(`${PREFIX}program.${key}`)),
  /** @param {string} key @param {string} program */
  keep: (key, program) => tried(() => localStorage.setItem(`${PREFIX}program.${key}`, program)),
  /** @param {string} key */
  forget: (key) => tried(() => localStorage.removeItem(`${PREFIX}program.${key}`)),
  /** @param {string} key */
  isDone: (key) => tried(() => localStorage.getItem(`${PREFIX}done.${key}`)) !== null,
  /** @param {string} key */
  setDone: (key) => tried(() => localStorage.setItem(`${PREFIX}done.${key}`, "yes")),
};
