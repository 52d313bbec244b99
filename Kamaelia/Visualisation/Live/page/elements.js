// Elements of the page. Text from the system is only ever set as text, never as HTML.
// @ts-check

/** Return a new element with properties and children.
 * @template {keyof HTMLElementTagNameMap} K @param {K} name
 * @param {Record<string, any>} [properties] @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]} */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

/** Return the element of the page with this id, of this kind.
 * @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}
