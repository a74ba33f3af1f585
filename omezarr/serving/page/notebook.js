// The widget of a notebook: the page in a frame of its own, whose questions go to the kernel.

export default {
  render({ model, el }) {
    const view = String(Math.random()); // answers go to all views of a widget
    const frame = document.createElement("iframe");
    let port = null;

    function heard(message, buffers) {
      if (message.view !== view) return;
      if (message.page !== undefined) {
        frame.srcdoc = message.page;
        return;
      }
      const { buffer, byteOffset, byteLength } = buffers[0];
      const content = buffer.slice(byteOffset, byteOffset + byteLength);
      port?.postMessage({ ...message, content }, [content]);
    }

    function begin() {
      if (!frame.srcdoc) return;
      port?.close();
      const channel = new MessageChannel();
      port = channel.port1;
      port.onmessage = ({ data }) => {
        if (data.address === undefined) model.send({ ...data, view });
        else {
          model.set("address", data.address);
          model.save_changes();
        }
      };
      frame.contentWindow.postMessage({ address: model.get("address") }, "*", [channel.port2]);
    }

    const sized = () => { frame.style.height = `${model.get("height")}px`; };
    frame.title = "omezarr";
    frame.setAttribute("sandbox", "allow-scripts");
    Object.assign(frame.style, { width: "100%", border: "0", display: "block" });
    sized();
    frame.addEventListener("load", begin);
    model.on("msg:custom", heard);
    model.on("change:height", sized);
    el.append(frame);
    model.send({ view, page: true });
    return () => {
      model.off("msg:custom", heard);
      model.off("change:height", sized);
      port?.close();
      frame.remove();
    };
  },
};
