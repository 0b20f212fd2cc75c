"use strict";
(() => {
  const table = document.querySelector(".proofs");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const form = document.querySelector(".controls");
  const filters = [...form.querySelectorAll("[data-factor]")];
  const column = form.querySelector("[data-sort]");
  const order = form.querySelector("[data-order]");
  const shown = document.getElementById("shown");
  const value = (row, place) => Number(row.cells[place].dataset.value);

  const update = () => {
    const place = Number(column.value), sign = Number(order.value);
    rows.sort((a, b) => sign * (value(a, place) - value(b, place)) || value(a, 0) - value(b, 0));
    body.append(...rows);
    for (const row of rows) {
      row.hidden = filters.some(each => each.value !== "" && each.value !== row.cells[Number(each.dataset.factor) + 1].dataset.value);
    }
    heads.forEach((head, each) => {
      if (each === place) head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    const left = rows.filter(row => !row.hidden).length;
    shown.textContent = left === rows.length ? `${left} vignettes` : `${left} of ${rows.length} vignettes`;
  };

  heads.forEach((head, place) => {
    if ("unsorted" in head.dataset) return;
    column.add(new Option(head.textContent.trim(), place));
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent.trim();
    button.addEventListener("click", () => {
      order.value = column.value === String(place) && order.value === "1" ? "-1" : "1";
      column.value = String(place);
      update();
    });
    head.replaceChildren(button);
  });
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("change", update);
  form.addEventListener("reset", () => setTimeout(update));
  form.hidden = false;
  update();
})();
