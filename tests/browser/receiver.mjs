// Programs that the hub calls: a receiver of webhooks, and Stripe as far as the hub speaks to it.

import { createServer } from "node:http";

async function listen(answer) {
  const requests = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      const taken = { path: request.url, method: request.method, headers: request.headers, body };
      requests.push(taken);
      const [status, json] = answer(taken);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${server.address().port}`;
  return { url, requests, stop: () => new Promise((done) => (server.closeAllConnections(), server.close(done))) };
}

/** Takes everything. */
export const receiver = () => listen(() => [200, {}]);

/** Makes customers and pages; its pages say what was asked for. */
export async function stripe() {
  const pages = await listen(() => [200, { page: "Stripe" }]);
  const api = await listen(({ path }) => {
    if (path.startsWith("/v1/customers")) return [200, { id: "cus_1" }];
    if (path.startsWith("/v1/checkout")) return [200, { url: `${pages.url}/checkout` }];
    if (path.startsWith("/v1/billing_portal")) return [200, { url: `${pages.url}/portal` }];
    return [200, { data: [] }];
  });
  return { url: api.url, requests: api.requests, pages: pages.url, stop: () => Promise.all([api.stop(), pages.stop()]) };
}
