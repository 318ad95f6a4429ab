// What can go wrong, as one family of errors with the hub's own codes.

import type { ErrorCode, Failure } from "./protocol.js";

/** The hub's codes, and those that arise on this side. */
export type Code = ErrorCode | "closed" | "no_answer" | "too_much_pending";

export interface Details {
  retryable?: boolean;
  retryAfterMs?: number | undefined;
  details?: unknown;
  cause?: unknown;
}

/** Every error this client throws. Act on `code` and `retryable`; show `message` to people. */
export class HubError extends Error {
  override readonly name: string = "HubError";
  readonly code: Code;
  /** Whether the same request, with the same key, may succeed later. */
  readonly retryable: boolean;
  /** Not before this many milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Facts that belong to the code. */
  readonly details: unknown;

  constructor(code: Code, message: string, { retryable = false, retryAfterMs, details, cause }: Details = {}) {
    super(message, { cause });
    this.code = code;
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
    this.details = details;
  }
}

/** The token or key is missing, wrong, expired or withdrawn. Throw it from `token` to stop connecting. */
export class AuthError extends HubError {
  override readonly name = "AuthError";
}

/** A rate or a quota is used up; `retryAfterMs` or `details.resets_at` say when to go on. */
export class LimitError extends HubError {
  override readonly name = "LimitError";
}

const AUTH: ReadonlySet<string> = new Set([
  "unauthenticated", "invalid_token", "token_expired", "invalid_credentials", "forbidden", "origin_not_allowed",
]);
const LIMIT: ReadonlySet<string> = new Set(["rate_limited", "quota_exceeded", "limit_reached"]);

/** The right class for a code. */
export function hubError(code: Code, message: string, details: Details = {}): HubError {
  const Kind = AUTH.has(code) ? AuthError : LIMIT.has(code) ? LimitError : HubError;
  return new Kind(code, message, details);
}

/** An `error` frame, or a problem body over HTTP, as an error to throw. */
export function fromFailure(failure: Pick<Failure, "code" | "message" | "retryable" | "retry_after_ms" | "details">): HubError {
  return hubError(failure.code as ErrorCode, failure.message, {
    retryable: failure.retryable,
    retryAfterMs: failure.retry_after_ms,
    details: failure.details,
  });
}
