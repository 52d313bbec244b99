// Says why nothing works if the page is opened as a file: browsers do not load modules then.
// @ts-check
"use strict";

if (location.protocol === "file:") {
  const notice = /** @type {HTMLElement} */ (document.getElementById("notice"));
  notice.textContent = "A browser does not run this page from a file. Run “make docs-serve”, and open the address that it prints.";
  notice.hidden = false;
  const state = /** @type {HTMLElement} */ (document.getElementById("state"));
  state.textContent = "";
}
