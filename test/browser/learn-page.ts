// The page of the tests of tour and gallery: both panes, the worker, and a plain text area for an editor.

import { GalleryPane } from "../../web/learn/gallery-pane.ts";
import { Tour } from "../../web/learn/tour-pane.ts";
import { Toolchain } from "../../web/toolchain.ts";

function element<Type extends HTMLElement>(id: string): Type {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as Type;
}

const script = element<HTMLTextAreaElement>("script");
const output = element("output");
const toolchain = new Toolchain(new URL("worker.js", document.baseURI));

async function run(): Promise<void> {
  output.textContent = "";
  const request = { name: "script.bt", script: script.value, target: "default", workload: "busy", speed: 1, isPaused: false };
  const result = await toolchain.call("run", request, (news) => output.append(news.output ?? ""));
  tour.ran({ script: script.value, output: output.textContent ?? "", code: result.code });
}

const load = (text: string) => {
  script.value = text;
};
const tour = new Tour(element("tour"), { load, run: () => void run() }, localStorage);
const gallery = new GalleryPane(document.body, load, new URL("tools.json", document.baseURI));
element("open-tour").addEventListener("click", () => tour.open());
element("open-gallery").addEventListener("click", () => void gallery.show());
