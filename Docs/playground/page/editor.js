// A text area for programs: line numbers, Tab, and the indentation of new lines.
// @ts-check

const INDENT = "    ";

export class Editor {
  /** @param {HTMLTextAreaElement} area @param {HTMLElement} numbers @param {() => void} onChange */
  constructor(area, numbers, onChange) {
    this.area = area;
    this.numbers = numbers;
    this.mayLeave = false; // Escape was pressed: the next Tab leaves the editor
    area.addEventListener("input", () => {
      this.#number();
      onChange();
    });
    area.addEventListener("scroll", () => (numbers.scrollTop = area.scrollTop));
    area.addEventListener("keydown", (event) => this.#key(event));
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    this.area.scrollTop = 0;
    this.#number();
  }

  #number() {
    const count = this.area.value.split("\n").length;
    this.numbers.textContent = Array.from({ length: count }, (_, index) => index + 1).join("\n");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Tab" && !event.shiftKey && !this.mayLeave) this.#insert(event, INDENT);
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      const { value, selectionStart } = this.area;
      const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
      const indent = line.match(/^ */)?.[0] ?? "";
      this.#insert(event, `\n${indent}${line.trimEnd().endsWith(":") ? INDENT : ""}`);
    }
    if (event.key === "Backspace") this.#unindent(event);
    this.mayLeave = event.key === "Escape";
  }

  /** @param {KeyboardEvent} event */
  #unindent(event) {
    const { value, selectionStart, selectionEnd } = this.area;
    const before = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
    if (selectionStart !== selectionEnd || !/^( {4})+$/.test(before)) return;
    this.area.setSelectionRange(selectionStart - INDENT.length, selectionEnd);
    this.#insert(event, "");
  }

  /** @param {KeyboardEvent} event @param {string} text */
  #insert(event, text) {
    event.preventDefault();
    // The only way to insert text that the user can undo.
    if (text) document.execCommand("insertText", false, text);
    else document.execCommand("delete");
  }
}
