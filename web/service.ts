// The service worker: the page works without a network after the first visit. What the network has goes before what was kept.

interface LifeEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends LifeEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface ServiceScope {
  readonly clients: { claim(): Promise<void> };
  readonly location: Location;
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: LifeEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
}
declare const self: ServiceScope;
/** Names of all files of the page: the build knows them. */
declare const FILES_OF_THE_PAGE: string[];

const KEPT = "bpfcast";

async function keep(): Promise<void> {
  const cache = await caches.open(KEPT);
  await Promise.allSettled(FILES_OF_THE_PAGE.map((file) => cache.add(file)));
  await self.skipWaiting();
}

/** Takes over, and drops what was an older page's. */
async function takeOver(): Promise<void> {
  const cache = await caches.open(KEPT);
  const own = new Set(FILES_OF_THE_PAGE.map((file) => new URL(file, self.location.href).href));
  for (const { url } of await cache.keys()) if (!own.has(url) && /\.(js|css)$/.test(url)) await cache.delete(url);
  await self.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(KEPT);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: true });
    if (kept === undefined) throw error;
    return kept;
  }
}

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  // LLVM is fetched anew by whoever asks for it.
  if (request.method !== "GET" || origin !== self.location.origin || pathname.includes("/llvm/")) return;
  event.respondWith(answer(request));
});
