"use strict";
for (const button of document.querySelectorAll("button[data-copies]")) {
  const name = button.textContent;
  const source = document.getElementById(button.dataset.copies);
  const say = (text) => {
    button.textContent = text;
    setTimeout(() => { button.textContent = name; }, 2000);
  };
  const select = () => {
    const around = source.closest("details");
    if (around) around.open = true;
    getSelection().selectAllChildren(source);
    let copied = false;
    try { copied = document.execCommand("copy"); } catch { copied = false; }
    say(copied ? "Copied" : "Selected: press Ctrl+C");
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    if (!navigator.clipboard) return select();
    navigator.clipboard.writeText(source.textContent).then(() => say("Copied"), select);
  });
}
const opened = [];
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not([open])")) {
    details.open = true;
    opened.push(details);
  }
});
addEventListener("afterprint", () => {
  for (const details of opened.splice(0)) details.open = false;
});
