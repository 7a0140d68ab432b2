"use strict";
(function () {
  var collator = new Intl.Collator("en", { numeric: true });
  function value(row, column) {
    var cell = row.cells[column];
    var exact = cell.getAttribute("data-v");
    // Bytes may be beyond what a double holds: compare digits by length first.
    return exact === null ? cell.textContent.trim() : exact;
  }
  function compare(a, b) {
    var digits = /^\d+$/;
    if (digits.test(a) && digits.test(b)) {
      return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
    }
    return collator.compare(a, b);
  }
  function sort(table, head, button) {
    var column = head.cellIndex;
    var was = head.getAttribute("aria-sort");
    var number = head.classList.contains("n");
    var next = was ? (was === "ascending" ? "descending" : "ascending") : number ? "descending" : "ascending";
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (other) {
      other.removeAttribute("aria-sort");
    });
    head.setAttribute("aria-sort", next);
    var sign = next === "ascending" ? 1 : -1;
    var body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (row, at) {
      return { row: row, at: at, value: value(row, column) };
    });
    rows.sort(function (a, b) {
      return sign * compare(a.value, b.value) || a.at - b.at;
    });
    rows.forEach(function (item) {
      body.appendChild(item.row);
    });
    button.focus();
  }
  function sortable(table) {
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head) {
      if (head.hasAttribute("data-unsorted")) {
        return;
      }
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        sort(table, head, button);
      });
    });
  }
  function filterable(input) {
    var id = input.getAttribute("data-filter");
    var table = document.getElementById(id);
    var said = document.querySelector('[data-count="' + id + '"]');
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    if (rows.length < 2) {
      return;
    }
    var texts = rows.map(function (row) {
      return row.textContent.toLowerCase();
    });
    input.closest("p").hidden = false;
    input.addEventListener("input", function () {
      var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      var left = 0;
      rows.forEach(function (row, at) {
        var fits = words.every(function (word) {
          return texts[at].indexOf(word) >= 0;
        });
        row.hidden = !fits;
        left += fits ? 1 : 0;
      });
      said.textContent = words.length ? left + " of " + rows.length + " rows" : "";
    });
  }
  function unfold() {
    var target = location.hash && document.getElementById(location.hash.slice(1));
    var folded = target && target.closest("details:not([open])");
    if (folded) {
      folded.open = true;
      target.scrollIntoView();
    }
  }
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.prototype.slice.call(document.querySelectorAll("details:not([open])"));
    opened.forEach(function (folded) {
      folded.open = true;
    });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (folded) {
      folded.open = false;
    });
  });
  window.addEventListener("hashchange", unfold);
  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll("[data-filter]").forEach(filterable);
  unfold();
})();
