// What went wrong, in the words of the server (RFC 9457), with the next step.

interface Wire {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  next?: string;
  errors?: { at?: string; problem: string }[];
}

export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly next: string | undefined;
  readonly errors: { at?: string; problem: string }[];
  readonly retryAfter: number | undefined;

  constructor(wire: Wire, status: number, retryAfter?: number) {
    super(wire.detail || wire.title || `HTTP ${status}`);
    this.status = wire.status ?? status;
    this.title = wire.title ?? '';
    this.next = wire.next;
    this.errors = wire.errors ?? [];
    this.retryAfter = retryAfter;
  }

  /** Status 0 stands for "no answer at all": the program stopped or the network is away. */
  static from(cause: unknown): Problem {
    if (cause instanceof Problem) return cause;
    return new Problem({ detail: cause instanceof Error ? cause.message : String(cause) }, 0);
  }

  static async ofResponse(response: Response, body?: unknown): Promise<Problem> {
    const retry = Number(response.headers.get('retry-after'));
    let wire = body;
    if (wire === undefined) wire = await response.json().catch(() => undefined);
    return new Problem(
      typeof wire === 'object' && wire !== null ? (wire as Wire) : { title: response.statusText },
      response.status,
      Number.isFinite(retry) && retry > 0 ? retry : undefined,
    );
  }
}
