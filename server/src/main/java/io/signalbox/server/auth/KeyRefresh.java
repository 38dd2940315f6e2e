package io.signalbox.server.auth;

/**
 * How the last attempt ended to fetch the key set of an issuer.
 *
 * @param problem why it failed, for people, without a line break; empty unless it did
 */
public record KeyRefresh(Status status, String problem) {
  /** Nothing was fetched so far, or the issuer is not in force. */
  public static final KeyRefresh PENDING = new KeyRefresh(Status.PENDING, "");

  static final KeyRefresh OK = new KeyRefresh(Status.OK, "");

  /** How it ended. */
  public enum Status {
    /** There was none. */
    PENDING,
    /** Its keys are in force. */
    OK,
    /** Those of the last good one, if any, stay in force. */
    FAILED
  }

  static KeyRefresh failed(String problem) {
    return new KeyRefresh(Status.FAILED, problem.lines().findFirst().orElse(""));
  }
}
