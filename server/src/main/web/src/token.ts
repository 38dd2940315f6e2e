/** What a token says about itself; only the broker can tell whether it is true. */
export interface TokenContent {
  readonly subject: string | undefined;
  readonly expires: Date | undefined;
}

/**
 * Takes the token out of the address: it would otherwise stay in the history, in bookmarks and on screenshots. A fragment is never sent
 * to a server.
 */
export function takeTokenFromAddress(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) {
    return undefined;
  }
  history.replaceState(null, "", location.pathname + location.search);
  return token.trim() || undefined;
}

/** Undefined if the text is no JSON Web Token at all. */
export function readToken(token: string): TokenContent | undefined {
  const body = token.split(".")[1];
  if (body === undefined) {
    return undefined;
  }
  try {
    const bytes = Uint8Array.from(atob(body.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== "object" || claims === null) {
      return undefined;
    }
    const { sub, exp } = claims as { sub?: unknown; exp?: unknown };
    return {
      subject: typeof sub === "string" ? sub : undefined,
      expires: typeof exp === "number" ? new Date(exp * 1000) : undefined,
    };
  } catch {
    return undefined;
  }
}
