// Renews the page in place, so that it keeps its scroll and what is selected. Without this script
// the browser loads it anew (meta refresh).

(() => {
  const seconds = Number(document.currentScript.dataset.seconds);
  const stale = document.getElementById("stale");
  const icon = document.querySelector("link[rel=icon]");
  let seen = Date.now();
  // A look and its charts have a deadline of 4 s each.
  const patience = 9000;

  async function renew() {
    // Whoever marks a line to copy it keeps the mark.
    if (document.hidden || String(getSelection())) return;
    try {
      const answer = await fetch(location.href, { signal: AbortSignal.timeout(patience) });
      if (!answer.ok) throw new Error(`it answers ${answer.status}`);
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      put(next);
      seen = Date.now();
      stale.textContent = "";
    } catch (error) {
      const age = Math.round((Date.now() - seen) / 1000);
      stale.textContent = `The status page does not answer (${error.message}): what you see is ${age} s old.`;
    }
  }

  function put(next) {
    const focus = document.activeElement?.getAttribute("href");
    const scrolled = [...document.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
    document.querySelector("main").replaceWith(next.querySelector("main"));
    document.querySelectorAll(".scroll").forEach((one, index) => {
      one.scrollLeft = scrolled[index] ?? 0;
    });
    if (focus) {
      [...document.querySelectorAll("a[href]")]
        .find((one) => one.getAttribute("href") === focus)
        ?.focus({ preventScroll: true });
    }
    document.title = next.title;
    icon.href = next.querySelector("link[rel=icon]").getAttribute("href");
  }

  async function loop() {
    await renew();
    setTimeout(loop, seconds * 1000);
  }
  setTimeout(loop, seconds * 1000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void renew();
  });
})();
