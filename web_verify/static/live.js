// What a page shows changes while it is open. The words are in the page; without this script, reloading does the same.
(() => {
  const place = document.querySelector("[data-live]");
  if (!place || !window.EventSource) return;
  const { live, ends = "", reloads = "", changed } = place.dataset;
  const news = new EventSource(live);
  let before;
  const isBusy = () => document.querySelector("details[open]") || /^(INPUT|BUTTON|TEXTAREA)$/.test(document.activeElement.tagName);
  news.onmessage = ({ data: word }) => {
    if (changed !== undefined) {
      if (before !== undefined && before !== word) {
        if (!isBusy()) return location.reload();
        place.hidden = false;
      }
      before = word;
      return;
    }
    if (reloads.split(" ").includes(word)) {
      news.close();
      location.reload();
    } else if (place.dataset[word]) {
      place.textContent = place.dataset[word];
      place.dataset.state = word;
    }
    if (ends.split(" ").includes(word)) news.close();
  };
  addEventListener("submit", () => news.close()); // the answer brings its own page: no reload may get in its way
  addEventListener("pagehide", () => news.close());
})();
