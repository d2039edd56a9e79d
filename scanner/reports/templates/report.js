(function () {
  "use strict";
  var form = document.getElementById("filter");
  var list = document.getElementById("list");
  // On paper the findings are unfolded, unless that would make a book of it.
  var unfolds = !list || list.children.length <= 25;
  function openAll() {
    if (!unfolds) { return; }
    document.querySelectorAll("details:not([open])").forEach(function (part) {
      part.open = true;
      part.dataset.printed = "yes";
    });
  }
  function closeAgain() {
    document.querySelectorAll("details[data-printed]").forEach(function (part) {
      part.open = false;
      delete part.dataset.printed;
    });
  }
  window.addEventListener("beforeprint", openAll);
  window.addEventListener("afterprint", closeAgain);
  if (!form || !list) { return; }

  var cards = Array.prototype.map.call(list.children, function (card, at) {
    var data = card.dataset;
    return {
      card: card, at: at, level: data.level, people: Number(data.people), folder: data.folder,
      kinds: data.kinds.split("|"), hidden: data.hidden === "yes", open: data.open === "yes",
      name: card.querySelector("h3 b").textContent,
      text: (card.querySelector("h3").textContent + " " + card.querySelector(".facts").textContent + " " +
        (card.querySelector(".because") || card).textContent).toLowerCase()
    };
  });
  var words = document.getElementById("words");
  var folder = document.getElementById("in-folder");
  var kind = document.getElementById("of-kind");
  var order = document.getElementById("order");
  var hidden = document.getElementById("only-hidden");
  var open = document.getElementById("only-open");
  var shown = document.getElementById("shown");
  var orders = {
    severity: function (a, b) { return a.at - b.at; },
    people: function (a, b) { return b.people - a.people || a.at - b.at; },
    folder: function (a, b) { return a.folder.localeCompare(b.folder, "en-GB") || a.at - b.at; },
    name: function (a, b) { return a.name.localeCompare(b.name, "en-GB") || a.at - b.at; }
  };
  function filter() {
    var wanted = words.value.trim().toLowerCase();
    var levels = Array.prototype.map.call(form.querySelectorAll("[name=level]:checked"), function (box) { return box.value; });
    var count = 0;
    cards.forEach(function (item) {
      var match = levels.indexOf(item.level) >= 0 && (!hidden.checked || item.hidden) && (!open.checked || item.open) &&
        (!folder.value || item.folder === folder.value) && (!kind.value || item.kinds.indexOf(kind.value) >= 0) &&
        (!wanted || item.text.indexOf(wanted) >= 0);
      item.card.hidden = !match;
      count += match ? 1 : 0;
    });
    shown.textContent = "Showing " + count + " of " + cards.length + (cards.length === 1 ? " file" : " files");
  }
  function sort() {
    cards.slice().sort(orders[order.value]).forEach(function (item) { list.appendChild(item.card); });
  }
  form.hidden = false;
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("input", filter);
  order.addEventListener("change", sort);
  filter();
})();
