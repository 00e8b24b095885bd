// Lets a person type as soon as the screen is drawn, without a click into it first.
window.addEventListener("load", () => {
  const focus = () => {
    const field = document.querySelector(".xterm-helper-textarea");
    if (document.body.classList.contains("-first-byte") && field) field.focus();
  };
  new MutationObserver(focus).observe(document.body, {
    attributes: true,
    attributeFilter: ["class"],
  });
  focus();
});
