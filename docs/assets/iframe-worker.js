// Browsers refuse workers to a page that was opened as a file. There a hidden frame does the worker's work, with the
// members of Worker that the search uses.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.waiting = [];
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.srcdoc = `<script src="${url}"></script>`;
      this.frame.addEventListener("load", () => {
        this.waiting.splice(0).forEach((data) => this.tell(data));
        this.ready = true;
      });
      document.body.append(this.frame);
      // What the script says to its own window is meant for this page.
      this.frame.contentWindow.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
    }

    postMessage(data) {
      if (this.ready) this.tell(data);
      else this.waiting.push(data);
    }

    tell(data) {
      this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
