/* A picture larger than its box begins with the item looked at in view. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(".pic-scroll")) {
    const focus = box.querySelector(".pic-node.is-focus, .pic-lane-row.is-focus, .pic-stage.is-current");
    if (!focus) continue;
    const outer = box.getBoundingClientRect();
    const inner = focus.getBoundingClientRect();
    if (focus.matches(".pic-node, .pic-stage")) box.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
    box.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
  }
});
