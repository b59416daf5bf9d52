// A letter's frame gets the height of its letter; without this file it scrolls inside a box of fixed height.
for (const frame of document.querySelectorAll(".mail-frame")) {
  const fit = () => {
    const letter = frame.contentDocument?.documentElement;
    if (letter) {
      frame.style.blockSize = "0";
      frame.style.blockSize = `${letter.scrollHeight}px`;
    }
  };
  frame.addEventListener("load", fit);
  window.addEventListener("resize", fit);
  fit();
}
