/** The HTTP API: JSON over fetch, errors as values of one class. Nothing here knows React. */

const BASE = "/api/v1";
/** A server that says nothing for this long is as good as unreachable; a person has long lost patience. */
const TIMEOUT_MS = 20_000;

/** RFC 9457, as the server writes it. */
interface Problem {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly rule?: string;
  readonly offers?: readonly string[];
  readonly errors?: readonly { readonly field?: string; readonly message?: string }[];
}

/**
 * What a call answered instead of its result.
 *
 *     ApiError
 *     ├── status 0            nobody answered: code "unreachable" (shown, retried by the person)
 *     ├── 401 not_signed_in   the session handles it (sign in again)
 *     ├── 4xx                 shown in the place that asked
 *     └── 5xx                 shown with its code to quote
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  /** Stable, for programs; the client words it. */
  readonly code: string;
  /** English, for developers; where a rule refused, its own sentence in the person's language. */
  readonly detail: string;
  /** The operator's rule that refused, if one did, and whom to ask instead. */
  readonly rule: string | null;
  readonly offers: readonly string[];
  /** Which fields of the request are wrong. */
  readonly fields: readonly string[];
  readonly retryAfterSeconds: number | null;

  constructor(status: number, problem: Problem, retryAfterSeconds: number | null = null) {
    super(problem.detail ?? problem.title ?? problem.code ?? `HTTP ${status}`);
    this.status = status;
    this.code = problem.code ?? (status === 0 ? "unreachable" : `http_${status}`);
    this.detail = problem.detail ?? "";
    this.rule = problem.rule ?? null;
    this.offers = problem.offers ?? [];
    this.fields = (problem.errors ?? []).flatMap((error) => (error.field === undefined ? [] : [error.field]));
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface RequestOptions {
  readonly signal?: AbortSignal;
  /** The same key makes a repeated request harmless. */
  readonly idempotencyKey?: string;
}

async function request<T>(method: Method, path: string, body: unknown, options: RequestOptions): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  // The language of this page, which need not be the browser's: rules of the operator speak it.
  const language = globalThis.document?.documentElement.lang ?? "";
  if (language !== "") headers["Accept-Language"] = language;
  if (method !== "GET") headers["Content-Type"] = "application/json";
  if (options.idempotencyKey !== undefined) headers["Idempotency-Key"] = options.idempotencyKey;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(BASE + path, {
      method,
      headers,
      body: method === "GET" || body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]),
    });
  } catch (cause) {
    if (options.signal?.aborted === true) throw cause;
    throw new ApiError(0, { detail: String(cause) });
  }
  if (!response.ok) throw await readProblem(response);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

async function readProblem(response: Response): Promise<ApiError> {
  const retryAfter = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  let problem: Problem = {};
  try {
    problem = (await response.json()) as Problem;
  } catch {
    // A proxy's page instead of the server's answer: the status is all there is.
  }
  return new ApiError(response.status, problem, Number.isNaN(retryAfter) ? null : retryAfter);
}

export const api = {
  get: <T>(path: string, options: RequestOptions = {}): Promise<T> =>
    request("GET", path, undefined, options),
  post: <T>(path: string, body: unknown = {}, options: RequestOptions = {}): Promise<T> =>
    request("POST", path, body, options),
  put: <T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> =>
    request("PUT", path, body, options),
  patch: <T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> =>
    request("PATCH", path, body, options),
  delete: (path: string, options: RequestOptions = {}): Promise<void> =>
    request("DELETE", path, undefined, options),
};

/** A path with its query; absent values are left out. */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | null | undefined>>,
): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [[key, String(value)]],
  );
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs)}`;
}

/** A key for a request that must not be carried out twice. (`crypto.randomUUID` is absent on insecure pages.) */
export function idempotencyKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
