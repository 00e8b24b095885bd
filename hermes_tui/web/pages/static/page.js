// Says whether it was the server that ended, and when it is back.
const ASK_AGAIN_MS = 2000;
async function tellEnding() {
  const line = document.getElementById("ending");
  let wasGone = false;
  for (;;) {
    try {
      await fetch("/login", { cache: "no-store" });
      if (wasGone) line.textContent = "hermes can be reached again.";
      return;
    } catch {
      wasGone = true;
      line.textContent = "hermes was stopped, or cannot be reached.";
      await new Promise((again) => setTimeout(again, ASK_AGAIN_MS));
    }
  }
}

// Lets a person type as soon as the screen is drawn, without a click into it first, and
// tells what became of a screen that ended.
window.addEventListener("load", () => {
  let isOver = false;
  const follow = () => {
    if (document.body.classList.contains("-closed") && !isOver) {
      isOver = true;
      void tellEnding();
    }
    const field = document.querySelector(".xterm-helper-textarea");
    if (document.body.classList.contains("-first-byte") && field) field.focus();
  };
  new MutationObserver(follow).observe(document.body, {
    attributes: true,
    attributeFilter: ["class"],
  });
  follow();
});
