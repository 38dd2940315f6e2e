package io.signalbox.server.auth;

/**
 * Whether something is allowed, and by which rule. Shared and immutable, so that the hot path
 * allocates nothing.
 *
 * @param rule {@code policy#statement} that decided, or why none did; for the log and, where the
 *     client asked for problem information, the Reason String
 * @param bundle hash of the policies that decided
 * @param onDenied what becomes of a denied PUBLISH where the protocol has no way to say no
 */
public record AccessDecision(boolean allowed, String rule, String bundle, OnDenied onDenied) {

  /** Characters of a bundle's hash that log lines carry. */
  private static final int HASH_SHOWN = 12;

  /** What the client's policies say of a denied PUBLISH. */
  public enum OnDenied {
    /** Nothing: QoS 0 is dropped, a 3.1.1 client that wants an acknowledgement is disconnected. */
    DEFAULT,
    /** Dropped, and acknowledged as if it were not. */
    DROP,
    /** The connection ends, also for QoS 0. */
    DISCONNECT
  }

  public AccessDecision(boolean allowed, String rule, boolean disconnect) {
    this(allowed, rule, "", disconnect ? OnDenied.DISCONNECT : OnDenied.DEFAULT);
  }

  /** The policy ends the connection when this is denied, rather than dropping the message. */
  public boolean disconnect() {
    return onDenied == OnDenied.DISCONNECT;
  }

  /** For the log: the rule and the policies it is from. */
  public String audit() {
    return audit(rule, bundle);
  }

  static String audit(String rule, String bundle) {
    return bundle.isEmpty()
        ? rule
        : rule + " (bundle " + bundle.substring(0, Math.min(bundle.length(), HASH_SHOWN)) + ")";
  }
}
