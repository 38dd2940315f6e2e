package io.signalbox.server.scram;

/**
 * A message, name or password that is not as it has to be. Without a stack trace, because anybody
 * can cause one; never quotes a secret.
 */
public final class ScramException extends Exception {
  ScramException(String problem) {
    super(problem, null, false, false);
  }

  public String problem() {
    String problem = getMessage();
    return problem == null ? "" : problem;
  }
}
