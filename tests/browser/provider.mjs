// A provider of OpenID Connect where everybody says yes at once, on another site than the hub: `localhost`.

import { createHash, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";

const text = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export class Provider {
  /** The claims of whoever sits before it; without any it refuses. */
  person;
  #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  #grants = new Map();
  #server = createServer((request, response) => void this.#answer(request, response));
  issuer = "";

  static async start() {
    const provider = new Provider();
    await new Promise((done) => provider.#server.listen(0, "localhost", done));
    provider.issuer = `http://localhost:${provider.#server.address().port}`;
    return provider;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request, response) {
    const url = new URL(request.url, this.issuer);
    const json = (body) => response.setHeader("content-type", "application/json").end(JSON.stringify(body));
    if (url.pathname === "/.well-known/openid-configuration") {
      return json({
        issuer: this.issuer, authorization_endpoint: `${this.issuer}/authorize`, token_endpoint: `${this.issuer}/token`, jwks_uri: `${this.issuer}/keys`,
        response_types_supported: ["code"], subject_types_supported: ["public"], id_token_signing_alg_values_supported: ["ES256"],
      });
    }
    if (url.pathname === "/keys") return json({ keys: [{ ...this.#keys.publicKey.export({ format: "jwk" }), kid: "one", alg: "ES256", use: "sig" }] });
    if (url.pathname === "/authorize") return this.#authorize(url.searchParams, response);
    let body = "";
    for await (const piece of request) body += piece;
    const form = new URLSearchParams(body);
    const grant = this.#grants.get(form.get("code"));
    this.#grants.delete(form.get("code"));
    const challenge = createHash("sha256").update(form.get("code_verifier")).digest("base64url");
    if (grant?.challenge !== challenge) return json({ error: "invalid_grant" });
    return json({ access_token: randomUUID(), token_type: "Bearer", id_token: this.#sign(grant.nonce) });
  }

  #authorize(asked, response) {
    const back = new URL(asked.get("redirect_uri"));
    back.searchParams.set("state", asked.get("state"));
    if (this.person) {
      const code = randomUUID();
      this.#grants.set(code, { nonce: asked.get("nonce"), challenge: asked.get("code_challenge") });
      back.searchParams.set("code", code);
    } else {
      back.searchParams.set("error", "access_denied");
    }
    response.writeHead(302, { location: back.href }).end();
  }

  #sign(nonce) {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.issuer, aud: "hub", iat: now, exp: now + 300, nonce, ...this.person };
    const said = `${text({ alg: "ES256", kid: "one" })}.${text(claims)}`;
    const signature = createSign("sha256").update(said).sign({ key: this.#keys.privateKey, dsaEncoding: "ieee-p1363" });
    return `${said}.${signature.toString("base64url")}`;
  }
}
