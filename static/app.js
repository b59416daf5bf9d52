/* The few things that HTML and htmx cannot do alone. Every page works without this file. */
(() => {
  "use strict";

  const focusWanted = (root) => {
    const target = root.querySelector("[data-focus]");
    if (target) target.focus();
  };

  // A link whose address is a full confirmation page opens the same question as a dialog.
  const openDialog = (event, opener) => {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (!dialog) return;
    event.preventDefault();
    dialog.showModal();
  };

  const dismiss = (control) => {
    const dialog = control.closest("dialog");
    if (dialog) dialog.close();
    else control.closest(".toasts > *").remove();
  };

  const togglePassword = (button) => {
    const input = document.getElementById(button.getAttribute("aria-controls"));
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  };

  const copy = async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const label = button.querySelector("[data-copied]");
    if (!label) return;
    const before = label.textContent;
    label.textContent = label.dataset.copied;
    setTimeout(() => (label.textContent = before), 2000);
  };

  document.addEventListener("click", (event) => {
    const control = event.target.closest("[data-dialog], [data-close], [data-show-password], [data-copy]");
    if (!control) return;
    if ("dialog" in control.dataset) openDialog(event, control);
    else if ("close" in control.dataset) dismiss(control);
    else if ("showPassword" in control.dataset) togglePassword(control);
    else copy(control);
  });

  // The pressed button says that it works, in its own words when it has some: an answer may take seconds.
  const showBusy = (button) => {
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    if (!button.dataset.busy) return;
    button.dataset.idle = button.textContent;
    button.textContent = button.dataset.busy;
  };
  const showIdle = (button) => {
    button.removeAttribute("aria-busy");
    if (button.dataset.idle) button.textContent = button.dataset.idle;
  };

  // A second press of the same button must not send the form twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    else showBusy(event.submitter);
    form.dataset.sent = "true";
  });
  // The browser's Back shows the page as it was left: let the form be sent again.
  addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
    document.querySelectorAll("button[aria-busy]").forEach(showIdle);
  });

  // Fragments. The old content stays, dimmed, until the new one comes.
  const settled = (event) => event.detail.target?.removeAttribute("aria-busy");
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!("quiet" in event.detail.elt.dataset)) event.detail.target.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", settled);
  document.addEventListener("htmx:afterSwap", (event) => focusWanted(event.detail.target));
  // An error page of ours names the place for its message; an answer of anybody else is not shown.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Retarget")) event.detail.shouldSwap = true;
  });
  document.addEventListener("htmx:sendError", () => {
    const message = document.getElementById("offline");
    if (message) document.getElementById("toasts").append(message.content.cloneNode(true));
  });

  // "/" goes to the search of the staff rail.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const field = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
    if (!field) return;
    event.preventDefault();
    field.focus();
  });

  // A row of tabs that is wider than the screen begins where the current one is in sight.
  const showCurrent = () => {
    const current = document.querySelectorAll(":is(.tabs, .switch) [aria-current]");
    current.forEach((tab) => tab.scrollIntoView({ block: "nearest", inline: "nearest" }));
  };

  addEventListener("DOMContentLoaded", () => {
    showCurrent();
    focusWanted(document);
  });
})();
